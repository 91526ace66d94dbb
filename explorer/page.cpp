#include "explorer/page.hpp"

#include <stdexcept>

namespace gainsay {

namespace {

constexpr std::string_view data_tag = R"(<script type="application/json" id="data">)";

// What the page may load: nothing but itself.
constexpr std::string_view policy = R"(content="default-src 'none'; )";

}  // namespace

std::string page(std::string_view json) {
  const std::size_t at = detail::page_html.find(data_tag);
  if (at == std::string_view::npos) throw std::logic_error("the page has no place for its data");
  const std::size_t begin = at + data_tag.size();
  std::string text(detail::page_html.substr(0, begin));
  text.reserve(detail::page_html.size() + json.size() + json.size() / 8);
  // In JSON these stand in strings only. Of a script's text "<" alone can end it or open a comment.
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  text += detail::page_html.substr(detail::page_html.find("</script>", begin));
  return text;
}

std::string served_page(std::string_view json) {
  std::string text = page(json);
  const std::size_t at = text.find(policy);
  if (at == std::string::npos) throw std::logic_error("the page does not say what it may load");
  return text.insert(at + policy.size(), "connect-src 'self'; ");
}

}  // namespace gainsay
