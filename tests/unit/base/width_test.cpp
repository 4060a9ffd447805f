#include "provrun/base/width.hpp"

#include "support/catch.hpp"

using namespace provrun::base;

TEST_CASE("a text's width counts wide letters twice and combining marks not at all") {
  CHECK(display_width("") == 0);
  CHECK(display_width("plain") == 5);
  CHECK(display_width("é") == 1);
  CHECK(display_width("e\xCC\x81") == 1);
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("한글 ok") == 7);
  CHECK(display_width("🧬") == 2);
}

TEST_CASE("a text is cut between letters") {
  CHECK(cut_to_width("plain", 9) == "plain");
  CHECK(cut_to_width("plain", 3) == "pla");
  CHECK(cut_to_width("漢字", 3) == "漢");
  CHECK(cut_to_width("漢字", 1).empty());
  CHECK(cut_to_width("ae\xCC\x81z", 2) == "ae\xCC\x81");
}

TEST_CASE("only words of extraordinary length lose their middle") {
  const std::string usual = "cannot read " + std::string(399, 'x') + ": no";
  CHECK(with_short_words(usual) == usual);
  const std::string odd = "cannot read '" + std::string(5000, 'x') + "': no\nhint";
  CHECK(with_short_words(odd) ==
        "cannot read '" + std::string(119, 'x') + "[...]" + std::string(58, 'x') + "': no\nhint");
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "漢";
  const auto cut = with_short_words(wide);
  CHECK(cut.size() == 120 + 5 + 60);
  CHECK(with_short_words("").empty());
}
