#include "provrun/base/text.hpp"

#include "provrun/base/quantity.hpp"
#include "provrun/base/time.hpp"
#include "support/catch.hpp"

using namespace provrun;

TEST_CASE("a misspelt word finds its neighbour and nothing far away") {
  const std::vector<std::string> words{"inputs", "outputs", "run", "matrix"};
  CHECK(base::nearest("inputz", words) == "inputs");
  CHECK(base::nearest("ouptuts", words) == "outputs");
  CHECK(base::nearest("rnu", words) == "run");
  CHECK_FALSE(base::nearest("zebra", words));
}

TEST_CASE("shell quoting leaves plain words alone and protects the others") {
  CHECK(base::shell_quote("a/b-c_d.txt") == "a/b-c_d.txt");
  CHECK(base::shell_quote("") == "''");
  CHECK(base::shell_quote("it's $x") == "'it'\\''s $x'");
}

TEST_CASE("bytes are shown to people without control characters") {
  CHECK(base::printable("a\nb\x01\xff\xc3\xa9") == "a\\nb\\x01\\xff\xc3\xa9");
  CHECK(base::is_valid_utf8("\xc3\xa9"));
  CHECK_FALSE(base::is_valid_utf8("\xc3"));
  CHECK_FALSE(base::is_valid_utf8("\xed\xa0\x80"));
}

TEST_CASE("durations need a unit") {
  using namespace std::chrono_literals;
  CHECK(base::parse_duration("90s") == 90s);
  CHECK(base::parse_duration("1h30min") == 90min);
  CHECK(base::parse_duration("0.5s") == 500ms);
  CHECK_FALSE(base::parse_duration("90"));
  CHECK_FALSE(base::parse_duration("5m"));
  CHECK_FALSE(base::parse_duration("-5s"));
  CHECK_FALSE(base::parse_duration(""));
  CHECK(base::format_duration(3900s) == "1 h 05 min");
}

TEST_CASE("sizes know decimal and binary units") {
  CHECK(base::parse_size("4GiB", true) == 4ULL << 30U);
  CHECK(base::parse_size("10 MB", true) == 10'000'000ULL);
  CHECK_FALSE(base::parse_size("10", true));
  CHECK(base::parse_size("10", false) == 10ULL);
  CHECK_FALSE(base::parse_size("10 apples", false));
  CHECK(base::format_size(999) == "999 B");
  CHECK(base::format_size(1'234'567) == "1.23 MB");
  CHECK(base::format_count(1234567) == "1,234,567");
}

TEST_CASE("times are read and written as RFC 3339 in UTC") {
  const auto time = base::parse_timestamp("2026-08-01T14:00:00.125+02:00");
  REQUIRE(time);
  CHECK(time->to_rfc3339() == "2026-08-01T12:00:00.125Z");
  CHECK(base::parse_timestamp("2026-08-01T12:00")->to_rfc3339() == "2026-08-01T12:00:00.000Z");
  CHECK(base::parse_timestamp("1969-12-31T23:59:59Z")->nanoseconds == -1'000'000'000);
  CHECK_FALSE(base::parse_timestamp("2026-02-30"));
  CHECK_FALSE(base::parse_timestamp("2026-08-01T25:00"));
  CHECK_FALSE(base::parse_timestamp("2026-08-01T12:00:00Zx"));
}
