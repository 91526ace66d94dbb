# Run at build time: the bytes of INPUT as an array of OUTPUT.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
# Lines that a compiler and a reader can bear.
string(REPEAT "0x..," 20 line)
string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT}.tmp "#include \"explorer/page.hpp\"

namespace gainsay::detail {
namespace {
const unsigned char bytes[] = {
${bytes}
};
}  // namespace
const std::string_view page_html(reinterpret_cast<const char*>(bytes), sizeof bytes);
}  // namespace gainsay::detail
")
file(RENAME ${OUTPUT}.tmp ${OUTPUT})
