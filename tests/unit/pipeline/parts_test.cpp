// The room's own parts that are easier to corner alone.
#include "../../../src/pipeline/csv.hpp"
#include "../../../src/pipeline/expression.hpp"
#include "../../../src/pipeline/glob_pattern.hpp"
#include "../../../src/pipeline/interner.hpp"
#include "../../../src/pipeline/paths.hpp"
#include "../../../src/pipeline/scalar.hpp"
#include "../../../src/pipeline/template_compiler.hpp"
#include "provrun/base/error.hpp"
#include "support/catch.hpp"

using namespace provrun::pipeline;

TEST_CASE("paths are normalised without touching the disk") {
  for (const auto& [text, normal] :
       std::vector<std::pair<std::string, std::string>>{{"a", "a"},
                                                        {"./a", "a"},
                                                        {"a//b/", "a/b"},
                                                        {"a/../b", "b"},
                                                        {"..", ".."},
                                                        {"../a/..", ".."},
                                                        {"../../a", "../../a"},
                                                        {"/a/../..", "/"},
                                                        {"", "."},
                                                        {".", "."},
                                                        {"a/..", "."},
                                                        {"/", "/"},
                                                        {"/../a", "/a"}}) {
    INFO(text);
    CHECK(normalize_path(text) == normal);
    CHECK(is_normal_path(normal));
    CHECK(is_normal_path(text) == (text == normal));
  }
  CHECK(relative_path("a/x", "a/b") == "../x");
  CHECK(relative_path("x", "a/b") == "../../x");
  CHECK(relative_path("a/b/", "a/b") == "./");
  CHECK(relative_path("./a/tool", "a") == "./tool");
  CHECK(relative_path("a/tool", "a") == "tool");
  CHECK(relative_path("../x", "a") == "../../x");
  CHECK(relative_path("/abs", "a") == "/abs");
  CHECK(parent_path("a/b") == "a");
  CHECK(parent_path("a") == ".");
  CHECK(parent_path("/a") == "/");
  CHECK_FALSE(parent_path("../.."));
}

TEST_CASE("only braces around a dotted identifier are templates") {
  for (const auto* text : {"{}", "{ a }", "{a,b}", "{1}", "${a}", "{a:x}", "{a.}", "{.a}", "{a",
                           "{{a,b}}", "{a-b}", "{a..b}"}) {
    INFO(text);
    CHECK_FALSE(find_template(text, 0));
  }
  const auto raw = find_template("x {a.b-c.0:raw} y", 0);
  REQUIRE(raw);
  CHECK(raw->name == "a.b-c.0");
  CHECK(raw->raw);
  CHECK(raw->begin == 2);
  CHECK(raw->end == 15);
  CHECK(find_template("{{a}}", 0)->escaped);
  CHECK(find_template("{{{a}}}", 0)->begin == 1);
}

TEST_CASE("scalars are told apart as YAML 1.2 does") {
  using Kind = Value::Kind;
  for (const auto& [text, kind] : std::vector<std::pair<std::string, Kind>>{
           {"", Kind::null},        {"~", Kind::null},       {"NULL", Kind::null},
           {"nULL", Kind::text},    {"true", Kind::boolean}, {"yes", Kind::text},
           {"1", Kind::integer},    {"-1", Kind::integer},   {"+1", Kind::integer},
           {"--1", Kind::text},     {"+-1", Kind::text},     {"007", Kind::integer},
           {"0x1f", Kind::integer}, {"0o7", Kind::integer},  {"0o8", Kind::text},
           {"0x", Kind::text},      {"1.", Kind::real},      {".5", Kind::real},
           {".", Kind::text},       {"1e5", Kind::real},     {"1e", Kind::text},
           {"-.inf", Kind::real},   {".nan", Kind::real},    {"99999999999999999999", Kind::real},
           {"1_0", Kind::text},     {"1:30", Kind::text},    {"2026-01-01", Kind::text}}) {
    INFO(text);
    CHECK(resolve_plain_scalar(text) == kind);
  }
  CHECK(to_real("1e400") == std::nullopt);
  CHECK(to_integer("0x1F") == 31);
}

namespace {

// "true", "false" or the failure's message; x is the variable's text.
std::string evaluate(std::string_view text, std::string_view x = "") {
  const auto resolve =
      [](std::string_view name,
         std::size_t offset) -> std::variant<Expression::Name, Expression::Failure> {
    if (name == "x") return Expression::Name{0, {}};
    return Expression::Failure{offset, "unknown", ""};
  };
  const auto compiled = Expression::compile(text, resolve);
  if (const auto* failure = std::get_if<Expression::Failure>(&compiled))
    return std::to_string(failure->offset) + " " + failure->message;
  const auto result = std::get<Expression>(compiled).evaluate([&](std::size_t) { return x; });
  if (const auto* failure = std::get_if<Expression::Failure>(&result)) return failure->message;
  return std::get<bool>(result) ? "true" : "false";
}

}  // namespace

TEST_CASE("expressions compare numbers as numbers and text as text") {
  CHECK(evaluate("1 < 2 and not 2 < 1") == "true");
  CHECK(evaluate("true or false and false") == "true");
  CHECK(evaluate("(true or false) and false") == "false");
  CHECK(evaluate("x < 10", "9") == "true");
  CHECK(evaluate("x < '10'", "9") == "false");
  CHECK(evaluate("x == 1.0", "1") == "true");
  CHECK(evaluate("x == '1.0'", "1") == "false");
  CHECK(evaluate("x == 3", "n/a") == "false");
  CHECK(evaluate("x != 3", "n/a") == "true");
  CHECK(evaluate("x < 3", "n/a") == "the text 'n/a' and the number 3 cannot be compared");
  CHECK(evaluate("x == true", "true") == "true");
  CHECK(evaluate("not x", "false") == "true");
  CHECK(evaluate("x", "3") == "the text '3' is neither true nor false");
  CHECK(evaluate("not not true") == "true");
  CHECK(evaluate("true == (1 == 1)") == "true");
}

TEST_CASE("expressions that are none say where") {
  CHECK(evaluate("") == "0 the expression ends where a value is expected");
  CHECK(evaluate("1 = 2") == "2 '=' is not an operator");
  CHECK(evaluate("1 == ") == "5 the expression ends where a value is expected");
  CHECK(evaluate("x y") == "2 'y' is not expected here");
  CHECK(evaluate("'x") == "0 this quote is not closed");
  CHECK(evaluate("and x") == "0 'and' is not expected here");
  CHECK(evaluate("y") == "0 unknown");
  CHECK(evaluate("$") == "0 a value is expected here");
  CHECK(evaluate("1.2.3") == "0 a value is expected here");
  CHECK(evaluate(std::string(5000, '(')).find("nested too deeply") != std::string::npos);
  std::string longest = "true";
  for (int i = 0; i < 2000; ++i) longest += " or true";
  CHECK(evaluate(longest).find("the expression is too long") != std::string::npos);
}

TEST_CASE("globs give their variables") {
  std::vector<std::string> values;
  const GlobPattern pattern("raw/{site}/{id}_{site}.*");
  CHECK(pattern.wildcard() == "raw/*/*_*.*");
  CHECK(pattern.variables() == std::vector<std::string>{"site", "id"});
  REQUIRE(pattern.match("raw/a/1_2_a.csv", values));
  CHECK(values == std::vector<std::string>{"a", "1_2"});
  CHECK_FALSE(pattern.match("raw/a/1_b.csv", values));
  CHECK_FALSE(pattern.match("raw/a/_a.csv", values));
  CHECK_FALSE(GlobPattern("{a}").match("x/y", values));
}

TEST_CASE("tables have quotes, empty cells and both line ends") {
  const auto table = parse_csv("a,b\r\n\"x \"\"y\"\"\",\n\n,\"1\n2\"", ',', "t");
  CHECK(table.columns == std::vector<std::string>{"a", "b"});
  CHECK(table.cells == std::vector<std::string>{"x \"y\"", "", "", "1\n2"});
  CHECK(table.lines == std::vector<std::uint32_t>{2, 4});
  for (const auto* text : {"", "\n\n", "a,a\n", "a\n\"x", "a\n\"x\"y\n", "a,b\n1\n", "a\n1,2\n",
                           "a\n\xff\n", "a\n\""}) {
    INFO(text);
    CHECK_THROWS_AS(parse_csv(text, ',', "t"), provrun::base::Error);
  }
}

TEST_CASE("interned texts keep their numbers while the set grows") {
  Interner interner;
  CHECK_FALSE(interner.find("0"));
  for (int i = 0; i < 10'000; ++i)
    CHECK(interner.add(std::to_string(i)).first == static_cast<std::uint32_t>(i));
  for (int i = 0; i < 10'000; i += 7) {
    CHECK_FALSE(interner.add(std::to_string(i)).second);
    CHECK(interner.text(*interner.find(std::to_string(i))) == std::to_string(i));
  }
  CHECK(interner.add("").second);
  CHECK(interner.find(""));
}
