#include "provrun/snapshot/exclude.hpp"

#include "provrun/base/error.hpp"
#include "support/catch.hpp"

using provrun::snapshot::ExcludeRules;
using Style = ExcludeRules::Style;

namespace {

std::optional<bool> decide(const std::string& pattern, Style style, const std::string& path,
                           bool directory = false) {
  ExcludeRules rules;
  rules.add(pattern, style);
  return rules.decide(path, directory);
}

}  // namespace

TEST_CASE("what a pattern of an exclude leaves out") {
  CHECK(decide("*.o", Style::anywhere, "a/b/c.o") == true);
  CHECK(decide("*.o", Style::anywhere, "a/b/c.os") == std::nullopt);
  CHECK(decide("b", Style::anywhere, "a/b", true) == true);
  CHECK(decide("a/b", Style::anywhere, "x/a/b") == true);
  CHECK(decide("/a/b", Style::anywhere, "x/a/b") == std::nullopt);
  CHECK(decide("/a/b", Style::anywhere, "a/b") == true);
  CHECK(decide("a/**/z", Style::anywhere, "q/a/b/c/z") == true);
  CHECK(decide("a/**", Style::anywhere, "a") == std::nullopt);
  CHECK(decide("a/**", Style::anywhere, "a/b") == true);
  CHECK(decide("b/", Style::anywhere, "a/b", true) == true);
  CHECK(decide("b/", Style::anywhere, "a/b", false) == std::nullopt);
  CHECK(decide("!b", Style::anywhere, "a/b") == false);
  CHECK(decide("a/b", Style::gitignore, "x/a/b") == std::nullopt);
  CHECK(decide("/b", Style::gitignore, "a/b") == std::nullopt);
  CHECK(decide("b", Style::gitignore, "a/b") == true);
  CHECK(decide("\\#x", Style::gitignore, "#x") == true);
  CHECK(decide("a\\*", Style::gitignore, "ab") == std::nullopt);
  CHECK_THROWS_AS(decide("/", Style::anywhere, "a"), provrun::base::Error);
  CHECK_THROWS_AS(decide("", Style::anywhere, "a"), provrun::base::Error);
}

TEST_CASE("the last pattern that fits decides, and lines may be comments") {
  ExcludeRules rules;
  rules.add_lines("# all logs\n*.log\n\n!keep.log\r\nspace \n", Style::gitignore);
  CHECK(rules.decide("a/x.log", false) == true);
  CHECK(rules.decide("a/keep.log", false) == false);
  CHECK(rules.decide("space", false) == true);
  CHECK(rules.decide("# all logs", false) == std::nullopt);
}
