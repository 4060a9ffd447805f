#include "provrun/exec/local_executor.hpp"

#include <csignal>
#include <map>

#include "provrun/os/clock.hpp"
#include "provrun/os/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using namespace std::chrono_literals;

namespace {

core::Job job(const std::string& directory, std::vector<std::string> scripts) {
  core::Job result;
  result.token = 1;
  result.scripts = std::move(scripts);
  result.shell = {"bash", "-euo", "pipefail", "-c"};
  result.working_directory = directory;
  result.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  return result;
}

core::JobResult run(const std::string& directory, core::Job what) {
  exec::LocalExecutor executor(directory);
  executor.start(std::move(what));
  for (int i = 0; i < 100; ++i) {
    auto results = executor.wait(1s);
    if (results.empty()) continue;
    REQUIRE(results.size() == 1);
    if (!results[0].log_path.empty()) results[0].log_path = os::read_file(results[0].log_path);
    return results[0];
  }
  FAIL("the job never ended");
  return {};
}

}  // namespace

TEST_CASE("a job's output, exit code and resources are reported") {
  const test::TemporaryDirectory dir;
  const auto result = run(dir.path(), job(dir.path(), {"echo out; echo err >&2; exit 7"}));
  CHECK(result.attempt.exit_code == 7);
  CHECK(result.log_path == "out\nerr\n");
  CHECK(result.attempt.ended >= result.attempt.started);
}

TEST_CASE("scripts run in order and the first failure ends the job") {
  const test::TemporaryDirectory dir;
  const auto result =
      run(dir.path(), job(dir.path(), {"echo 1 > a", "/bin/cat a", "false", "echo 2 > b"}));
  CHECK(result.attempt.exit_code == 1);
  CHECK(result.log_path == "1\n");
  CHECK_FALSE(os::lstat_file(dir / "b"));
}

TEST_CASE("a pipeline's failure is a failure") {
  const test::TemporaryDirectory dir;
  CHECK(run(dir.path(), job(dir.path(), {"false | cat"})).attempt.exit_code == 1);
  CHECK(run(dir.path(), job(dir.path(), {"echo $undefined"})).attempt.exit_code != 0);
}

TEST_CASE("plain commands redirect as the shell would") {
  const test::TemporaryDirectory dir;
  os::write_file_atomically(dir / "in", "b\na\n", os::Durability::cached);
  CHECK(run(dir.path(), job(dir.path(), {"sort < in > out", "cat in >> out"})).attempt.succeeded());
  CHECK(os::read_file(dir / "out") == "a\nb\nb\na\n");
}

TEST_CASE("a program that is not there is the shell's 127, a missing folder is said") {
  const test::TemporaryDirectory dir;
  const auto missing = run(dir.path(), job(dir.path(), {"no-such-program x"}));
  CHECK(missing.attempt.exit_code == 127);
  CHECK(missing.log_path.find("no-such-program: command not found") != std::string::npos);
  const auto folder = run(dir.path(), job(dir / "nowhere", {"/bin/ls"}));
  CHECK(folder.attempt.start_error.find("No such file or directory") != std::string::npos);
}

TEST_CASE("a job over its time limit is ended with all it started") {
  const test::TemporaryDirectory dir;
  auto slow = job(dir.path(), {"sleep 60 & sleep 60; echo never"});
  slow.time_limit = 100ms;
  const auto result = run(dir.path(), std::move(slow));
  CHECK(result.attempt.timed_out);
  CHECK(result.attempt.signal == SIGTERM);
}

TEST_CASE("stop ends running jobs and they are still reported") {
  const test::TemporaryDirectory dir;
  exec::LocalExecutor executor(dir.path());
  executor.start(job(dir.path(), {"sleep 60"}));
  executor.stop(core::Stop::kill);
  const auto results = executor.wait(10s);
  REQUIRE(results.size() == 1);
  CHECK(results[0].attempt.signal == SIGKILL);
  CHECK_FALSE(results[0].attempt.succeeded());
}

TEST_CASE("wake ends a wait early") {
  const test::TemporaryDirectory dir;
  exec::LocalExecutor executor(dir.path());
  executor.wake();
  const auto before = os::steady_now();
  CHECK(executor.wait(60s).empty());
  CHECK(os::steady_now() - before < 30s);
}

TEST_CASE("many jobs run side by side") {
  const test::TemporaryDirectory dir;
  exec::LocalExecutor executor(dir.path());
  std::map<std::uint32_t, int> codes;
  for (std::uint32_t i = 0; i < 20; ++i) {
    auto one = job(dir.path(), {"exit " + std::to_string(i)});
    one.token = i;
    executor.start(std::move(one));
  }
  while (codes.size() < 20)
    for (const auto& result : executor.wait(10s)) codes[result.token] = result.attempt.exit_code;
  for (std::uint32_t i = 0; i < 20; ++i) CHECK(codes[i] == static_cast<int>(i));
}
