#include "provrun/os/pager.hpp"

#include "support/catch.hpp"

using namespace provrun;

TEST_CASE("a pager is words, or a line for the shell, or none") {
  using Words = std::vector<std::string>;
  CHECK(os::pager_words("less") == Words{"less"});
  CHECK(os::pager_words("less  -S -R") == Words{"less", "-S", "-R"});
  CHECK(os::pager_words("LESS=X less") == Words{"sh", "-c", "LESS=X less"});
  CHECK(os::pager_words("head | cat") == Words{"sh", "-c", "head | cat"});
  CHECK(os::pager_words("").empty());
  CHECK(os::pager_words(" cat ").empty());
}

TEST_CASE("a pager that is not there is none") {
  CHECK(os::Pager::start({}, {}) == nullptr);
  CHECK(os::Pager::start({"no-such-program-1c7e"}, {}) == nullptr);
}
