// The page that gainsay writes: one HTML file that needs no network. Its program is web/, built
// once and kept in the binary; what it shows is data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gainsay {

// Longer texts are cut, in characters.
inline constexpr std::size_t page_text_max = 400;       // a value
inline constexpr std::size_t page_message_max = 2'000;  // what is said of a run or a world

// The page with this data, a JSON object whose "kind" says what view it is for. The text may hold
// anything that JSON may: what would end the script that holds it is escaped.
std::string page(std::string_view json);
// The same for a page that a server gives out: it may ask that server for more.
std::string served_page(std::string_view json);

namespace detail {
extern const std::string_view page_html;  // web/page.html
}  // namespace detail

}  // namespace gainsay
