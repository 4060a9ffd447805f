// strace as the second witness: what it saw succeed, inside of an observed step, we saw as well.
#include <map>

#include "provrun/base/text.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using namespace std::chrono_literals;

namespace {

bool works(const std::string& command) {
  return os::run_program({"sh", "-c", command}, os::environment_variables(), 60s).exit_code == 0;
}
bool installed(const std::string& program) {
  if (works("command -v " + program)) return true;
  WARN("not compared with strace, since it is not installed: " << program);
  return false;
}

// The paths of "openat(…) = 3</path>" (strace -y) and of "execve("/path", …) = 0".
std::vector<std::string> successes(const std::string& text) {
  std::vector<std::string> paths;
  for (const auto line : base::split(text, '\n')) {
    const auto result = line.rfind(" = ");
    if (result == std::string_view::npos) continue;
    const auto value = line.substr(result + 3);
    const auto begin = value.find('<');
    if (line.find("open") != std::string_view::npos && begin != std::string_view::npos &&
        value.ends_with('>')) {
      const auto path = value.substr(begin + 1, value.size() - begin - 2);
      if (path.starts_with('/') && path.find("(deleted)") == std::string_view::npos)
        paths.emplace_back(path);
    } else if (value == "0" && line.find(" execve(\"/") != std::string_view::npos) {
      const auto from = line.find('"') + 1;
      paths.push_back(
          os::resolve_path(std::string(line.substr(from, line.find('"', from) - from))));
    }
  }
  return paths;
}

}  // namespace

TEST_CASE("nothing that strace saw succeed is missing") {
  if (!installed("strace")) return;
  const auto [program, script] = GENERATE(table<std::string, std::string>({
      {"gcc",
       "printf '#include <stdio.h>\\nint main(void){return 0;}' > m.c; gcc -O1 -o m m.c; ./m"},
      {"make", "printf 'all: a b\\na b:\\n\\tcp /etc/hostname $@\\n' > Makefile; make -j2"},
      {"python3", "/usr/bin/python3 -c 'import json, subprocess; subprocess.run([\"/bin/true\"])'"},
      {"perl", "perl -MPOSIX -MFile::Temp=tempfile -e '(tempfile(UNLINK=>1)); print getcwd()'"},
      {"git",
       "git init -q r; cd r; echo x > x; git add x; git -c user.name=a -c user.email=a@b "
       "commit -qm x; git log --stat"},
      {"tar", "mkdir d; echo 1 > d/1; tar cf d.tar d; mkdir e; tar xf d.tar -C e; gzip d.tar"},
      {"sqlite3", "sqlite3 t.db 'create table t(a); insert into t values(1); select * from t'"},
      {"rsync", "mkdir s; echo 1 > s/1; rsync -a s/ t/; cat t/1"},
      {"numpy", "/usr/bin/python3 -c 'import numpy, pandas; print(pandas.DataFrame({1: [2]}))'"},
      {"Rscript", "Rscript -e 'library(stats); write.csv(cars, \"cars.csv\")'"},
      {"java",
       "printf 'class M{public static void main(String[] a)throws Exception{"
       "System.out.print(java.nio.file.Files.readString(java.nio.file.Path.of(a[0])));}}' > M.java;"
       "java M.java M.java"},
      {"pdflatex",
       "printf '\\\\documentclass{article}\\\\begin{document}x\\\\end{document}' > d.tex;"
       "pdflatex -interaction=batchmode d.tex"},
      {"node", "node -e 'require(\"fs\").readdirSync(\".\")'"},
  }));
  if (program == "numpy") {
    if (!works("/usr/bin/python3 -c 'import numpy, pandas'")) {
      WARN("not compared with strace, since they are not installed: numpy and pandas");
      return;
    }
  } else if (!installed(program)) {
    return;
  }
  const test::TemporaryDirectory directory;
  const test::TemporaryDirectory logs;
  os::write_file_atomically(directory / "script.sh", script, os::Durability::cached, 0644);
  core::Job job;
  job.arguments = {"strace", "-f",     "-y",   "-s",   "4096",     "-e",       "trace=%file",
                   "-o",     "st.out", "bash", "-euo", "pipefail", "script.sh"};
  job.working_directory = directory.path();
  job.workspace = directory.path();
  job.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", directory.path()}};
  exec::LocalExecutor executor(logs.path());
  executor.start(std::move(job));
  std::vector<core::JobResult> results;
  for (int i = 0; i < 300 && results.empty(); ++i) results = executor.wait(1s);
  REQUIRE(results.size() == 1);
  const auto& observation = results[0].observation;
  INFO(program);
  if (!results[0].log_path.empty()) {
    INFO(os::read_file(results[0].log_path));
    CHECK(results[0].attempt.exit_code == 0);
  }
  if (observation.grade != core::Grade::traced) return;  // this machine cannot
  std::map<std::string, core::Access> seen;
  for (const auto& access : observation.accesses) seen[access.path] = access;
  std::size_t compared = 0;
  for (auto path : successes(os::read_file(directory / "st.out"))) {
    if (path.starts_with("/proc/") || path.starts_with("/dev/") || path.starts_with("/sys/"))
      continue;
    if (path == directory.path()) path = ".";
    if (path.starts_with(directory.path() + "/")) path.erase(0, directory.path().size() + 1);
    INFO(path);
    CHECK(seen.contains(path));
    ++compared;
  }
  CHECK(compared > 5);
}
