#include "provrun/os/process.hpp"

#include <csignal>

#include "provrun/base/error.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using namespace std::chrono_literals;

TEST_CASE("a helper program's output and exit code come back") {
  const auto output = os::run_program({"sh", "-c", "echo out; echo err >&2; exit 3"},
                                      {{"PATH", "/bin:/usr/bin"}}, 10s);
  CHECK(output.exit_code == 3);
  CHECK(output.standard_output == "out\n");
  CHECK(output.standard_error == "err\n");
}

TEST_CASE("a helper program gets only the environment it is given") {
  const auto output = os::run_program({"/usr/bin/env"}, {{"ONLY", "this"}}, 10s);
  CHECK(output.standard_output == "ONLY=this\n");
}

TEST_CASE("a helper program is ended at its time limit, with its children") {
  const auto before = os::steady_now();
  const auto output =
      os::run_program({"sh", "-c", "sleep 60 & sleep 60"}, {{"PATH", "/bin:/usr/bin"}}, 200ms);
  CHECK(output.timed_out);
  CHECK(output.signal == SIGKILL);
  CHECK(os::steady_now() - before < 30s);
}

TEST_CASE("output above the limit is dropped and does not block") {
  const auto output = os::run_program({"head", "-c", "3000000", "/dev/zero"},
                                      {{"PATH", "/bin:/usr/bin"}}, 20s, 1000);
  CHECK(output.exit_code == 0);
  CHECK(output.standard_output.size() == 1000);
}

TEST_CASE("a program that cannot be started is an error with its cause") {
  CHECK_THROWS_AS(os::run_program({"no-such-program-here"}, {}, 1s), base::Error);
  const test::TemporaryDirectory dir;
  os::write_file_atomically(dir / "plain", "text", os::Durability::cached, 0644);
  os::SpawnRequest request;
  request.program = dir / "plain";
  request.arguments = {"plain"};
  try {
    os::spawn(request);
    FAIL("started");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::refused);
  }
  CHECK(os::signal_name(SIGKILL) == "SIGKILL");
}
