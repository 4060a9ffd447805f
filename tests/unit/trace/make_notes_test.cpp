#include "provrun/trace/make_notes.hpp"

#include "support/catch.hpp"

using namespace provrun::trace;

TEST_CASE("a note of make has level, target, flags and prerequisites") {
  Note note;
  REQUIRE(
      parse_note("1:lib.a\x1fm.o\x1f"
                 "ekj\x1fm.o  dir m.o",
                 note));
  CHECK(note.value == "1:lib.a");
  CHECK(note.target == "lib.a(m.o)");
  CHECK(note.exact);
  CHECK(note.keeps_going);
  CHECK(note.parallel);
  CHECK(note.prerequisites == std::vector<std::string>{"m.o", "dir"});
  REQUIRE(parse_note("0:c:\\x\x1f\x1f\x1f ", note));
  CHECK(note.target == "c:\\x");
  CHECK_FALSE(note.exact);
  CHECK_FALSE(note.keeps_going);
  CHECK_FALSE(note.parallel);
  CHECK(note.prerequisites.empty());
}

TEST_CASE("what is no note is refused") {
  Note note;
  for (const auto* line :
       {"", "0:a", "0:\x1f\x1f\x1f", "a\x1f\x1f\x1f", "0:a\x1f\x1f", "0:a\x1f\x1f\x1f\x1f"})
    CHECK_FALSE(parse_note(line, note));
}

TEST_CASE("the line of a recipe is a shell's script, or the words of the command") {
  CHECK(line_of_arguments({"/bin/sh", "-c", "a > b"}) == "a > b");
  CHECK(line_of_arguments({"bash", "-euo", "pipefail", "-c", "a | b"}) == "a | b");
  CHECK(line_of_arguments({"bash", "-ec", "a"}) == "a");
  CHECK(line_of_arguments({"gcc", "-c", "a b.c"}) == "gcc -c 'a b.c'");
  CHECK(line_of_arguments({"cc", "--static-c", "a"}) == "cc --static-c a");
  CHECK(line_of_arguments({}).empty());
}
