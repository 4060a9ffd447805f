#include "provrun/exec/plain_command.hpp"

#include "support/catch.hpp"

using provrun::exec::parse_plain_command;

TEST_CASE("literal words and plain redirections need no shell") {
  const auto command =
      parse_plain_command(" sort -k2 'a b' \"c d\" e\\ f --x=1 < in > out 2> err ");
  REQUIRE(command);
  CHECK(command->words == std::vector<std::string>{"sort", "-k2", "a b", "c d", "e f", "--x=1"});
  CHECK(command->stdin_path == "in");
  CHECK(command->stdout_path == "out");
  CHECK(command->stderr_path == "err");
  CHECK_FALSE(command->append_stdout);
}

TEST_CASE("appending and joining the streams are plain too") {
  const auto command = parse_plain_command("cat a b >>out 2>&1");
  REQUIRE(command);
  CHECK(command->append_stdout);
  CHECK(command->stderr_to_stdout);
}

TEST_CASE("whatever bash would interpret goes to bash") {
  for (const auto* script :
       {"",           "  ",     "a | b",     "a && b",  "a; b",      "a &",        "echo hi",
        "FOO=1 make", "ls *.c", "cat $x",    "cat ~/x", "cat `x`",   "cat \"$x\"", "a\nb",
        "if x",       "# c",    "cat x # c", "a 3> b",  "a < b < c", "a 2>&1 > b", "a 1>b",
        "cat {a,b}",  "cat 'a", "time a",    "! a",     "a > ",      "a >| b",     "cat \"a\\\"b\"",
        "\\\n",       "''"}) {
    INFO(script);
    CHECK_FALSE(parse_plain_command(script));
  }
}
