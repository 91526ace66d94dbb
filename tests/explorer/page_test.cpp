// The page takes any data: nothing in it can end the script that holds it.
#include "explorer/page.hpp"

#include <gtest/gtest.h>

namespace gainsay {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Page, IsSmallAndAsksForNothing) {
  const std::string html(detail::page_html);
  EXPECT_GT(html.size(), 10'000U);
  EXPECT_LT(html.size(), 250'000U);
  for (const char* fetched : {"src=\"", "href=\"http", "url(", "@import"}) {
    EXPECT_EQ(html.find(fetched), std::string::npos) << fetched;
  }
  // Without a server's leave it can ask nobody, whatever its program says.
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(html.find("connect-src"), std::string::npos);
}

TEST(Page, OfAServerMayAskThatOne) {
  const std::string data = R"({"a": "default-src 'none'; "})";
  std::string text = served_page(data);
  const std::string leave = "default-src 'none'; connect-src 'self'; ";
  const std::size_t at = text.find(leave);
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(at, text.find("<title>"));
  text.erase(at + leave.find("connect"), std::string("connect-src 'self'; ").size());
  EXPECT_EQ(text, page(data));
}

TEST(Page, HoldsItsDataAndNothingElseChanges) {
  const std::string empty = page("null");
  EXPECT_EQ(empty, detail::page_html);
  const std::string data =
      R"({"a": "</script><!--<script>alert(1)</SCRIPT>-->", "b": "$& \u003c"})";
  const std::string text = page(data);
  for (const char* mark : {"</script", "</SCRIPT", "<script", "<!--"}) {
    EXPECT_EQ(count(text, mark), count(empty, mark)) << mark;
  }
  const std::size_t at = text.find("{\"a\"");
  ASSERT_NE(at, std::string::npos);
  const std::string held = text.substr(at, text.find("</script>", at) - at);
  const std::string first =
      R"({"a": "\u003c/script>\u003c!--\u003cscript>alert(1)\u003c/SCRIPT>-->")";
  EXPECT_EQ(held, first + R"(, "b": "$& \u003c"})");
}

}  // namespace
}  // namespace gainsay
