// The conformance suite of observing: every mechanism that sees all must see the same.
#include <unistd.h>

#include <csignal>
#include <map>

#include "provrun/core/access_set.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using namespace std::chrono_literals;
using core::Presence;
using core::Use;

namespace {

void put(const std::string& path, std::string_view text) {
  os::write_file_atomically(path, text, os::Durability::cached, 0644);
}

struct Seen {
  core::JobResult result;
  std::map<std::string, core::Access> accesses;
  std::string log;

  const core::Access& at(const std::string& path) const {
    static const core::Access nothing;
    const auto found = accesses.find(path);
    return found != accesses.end() ? found->second : nothing;
  }
  // "rw" and so on: the letters of docs/formats/observation.md, then what was there before.
  std::string line(const std::string& path) const {
    const auto found = accesses.find(path);
    if (found == accesses.end()) return "not seen";
    const auto text = core::line_of(found->second);
    return text.substr(0, text.find(' ', text.find(' ') + 1));
  }
};

class Scene {
  test::TemporaryDirectory directory_;
  test::TemporaryDirectory logs_;

 public:
  std::string root = os::resolve_path(directory_.path());

  explicit Scene(core::TraceMode mode) : mode_(mode) {}
  std::string path(const std::string& name) const { return root + "/" + name; }
  void file(const std::string& name, std::string_view text) const { put(path(name), text); }

  core::Job job() const {
    core::Job job;
    job.token = 1;
    job.shell = {"bash", "-euo", "pipefail", "-c"};
    job.working_directory = root;
    job.workspace = root;
    job.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
    job.trace = mode_;
    return job;
  }
  Seen run(core::Job job) const {
    os::make_directories(logs_.path());
    exec::LocalExecutor executor(logs_.path());
    executor.start(std::move(job));
    Seen seen;
    for (int i = 0; i < 300; ++i) {
      auto results = executor.wait(1s);
      if (results.empty()) continue;
      seen.result = std::move(results.at(0));
      if (!seen.result.log_path.empty()) seen.log = os::read_file(seen.result.log_path);
      for (const auto& access : seen.result.observation.accesses)
        seen.accesses[access.path] = access;
      INFO(seen.log);
      CHECK(seen.accesses.size() == seen.result.observation.accesses.size());
      return seen;
    }
    FAIL("the job never ended");
    return seen;
  }
  Seen script(const std::string& text) const {
    auto what = job();
    what.scripts = {text};
    what.plain_shell = false;
    auto seen = run(std::move(what));
    INFO(seen.log);
    INFO(seen.result.attempt.start_error);
    CHECK(seen.result.attempt.exit_code == 0);
    CHECK(seen.result.attempt.signal == 0);
    return seen;
  }
  // A C program, compiled unobserved.
  void program(const std::string& name, const std::string& source,
               std::vector<std::string> options = {}) const {
    file(name + ".c", source);
    std::vector<std::string> command = {"gcc", "-O1", "-o", path(name), path(name + ".c")};
    command.insert(command.end(), options.begin(), options.end());
    const auto done = os::run_program(command, os::environment_variables(), 60s);
    INFO(done.standard_error);
    REQUIRE(done.exit_code == 0);
  }

 private:
  core::TraceMode mode_;
};

core::ContentId content(std::string_view text) {
  return core::ContentId{hash::sha256(text)};
}

Scene scene() {
  return Scene(GENERATE(core::TraceMode::preload_notify, core::TraceMode::notify));
}

}  // namespace

TEST_CASE("files that are read, made and looked for are seen") {
  const auto s = scene();
  s.file("in.txt", "input\n");
  const auto seen = s.script("cat in.txt > out.txt; test -e missing || true; cat nothing || true");
  CHECK(seen.result.observation.grade == core::Grade::traced);
  CHECK(seen.result.observation.reason == "");
  CHECK(seen.line("in.txt") == "r f");
  CHECK(seen.at("in.txt").content == content("input\n"));
  CHECK(seen.at("in.txt").size == 6);
  CHECK(seen.line("out.txt") == "wc a");
  CHECK(seen.line("missing") == "p a");
  CHECK(seen.line("nothing") == "p a");
}

TEST_CASE("programs, interpreters and loaders are seen") {
  const auto s = scene();
  s.file("tool", "#!/bin/sh\necho tool\n");
  os::set_mode(s.path("tool"), 0755);
  const auto seen = s.script("./tool");
  CHECK(seen.line("tool") == "rx f");
  CHECK(seen.at("tool").content == content("#!/bin/sh\necho tool\n"));
  CHECK(seen.at(os::resolve_path("/bin/sh")).uses.has(Use::execute));
  CHECK(seen.line(os::resolve_path("/lib64/ld-linux-x86-64.so.2")) == "rx f");
  CHECK(seen.at(os::resolve_path("/lib/x86_64-linux-gnu/libc.so.6")).uses.has(Use::read));
  const auto& processes = seen.result.observation.processes;
  REQUIRE(processes.size() == 2);
  CHECK(processes[0].program == os::resolve_path("/usr/bin/bash"));
  CHECK(processes[0].parent == 0);
  CHECK(processes[1].program == s.path("tool"));
  CHECK(processes[1].parent == 1);
}

TEST_CASE("a script that edits its own input has the content it read") {
  const auto s = scene();
  s.file("in.txt", "old\n");
  const auto seen = s.script("cat in.txt > /dev/null; echo new > in.txt; cat in.txt");
  CHECK(seen.line("in.txt") == "rw f");
  CHECK(seen.at("in.txt").content == content("old\n"));
  CHECK_FALSE(seen.at("in.txt").changed);
  CHECK(seen.log == "new\n");
}

TEST_CASE("a file that is read and removed at once has its content") {
  const auto s = scene();
  s.file("a", "first");
  s.file("b", std::string(3'000'000, 'x'));
  const auto seen = s.script("cat a b > /dev/null; rm a b");
  CHECK(seen.line("a") == "rd f");
  CHECK(seen.at("a").content == content("first"));
  CHECK(seen.at("b").content == content(std::string(3'000'000, 'x')));
}

TEST_CASE("appending and updating in place use the old bytes, replacing does not") {
  const auto s = scene();
  for (const auto* name : {"appended", "updated", "replaced", "shortened"}) s.file(name, "old");
  const auto seen = s.script(
      "echo x >> appended; echo y 1<> updated; echo z > replaced; truncate -s 1 shortened");
  CHECK(seen.line("appended") == "rw f");
  CHECK(seen.at("appended").content == content("old"));
  CHECK(seen.line("updated") == "rw f");
  CHECK(seen.line("replaced") == "w f");
  CHECK(seen.line("shortened").starts_with("rw"));
}

TEST_CASE("a log elsewhere that is only added to is no input") {
  const auto s = scene();
  const test::TemporaryDirectory elsewhere;
  const auto log = os::resolve_path(elsewhere.path()) + "/log";
  put(log, "old\n");
  auto seen = s.script("echo new >> " + log);
  CHECK(seen.line(log) == "w f");
  CHECK(seen.at(log).content == content("old\n"));
  seen = s.script("cat " + log + "; echo new >> " + log);
  CHECK(seen.line(log) == "rw f");
  CHECK(seen.at(log).content == content("old\nnew\n"));
}

TEST_CASE("files whose modes, times and attributes are asked for or set are seen") {
  const auto s = scene();
  for (const auto* name : {"moded", "timed", "attributed"}) s.file(name, "x");
  s.program("attributes", R"(#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
int main(void) {
  char value[64];
  if (chmod("moded", 0600)) return 1;
  if (utimes("timed", 0)) return 2;
  getxattr("attributed", "user.nothing", value, sizeof value);
  lgetxattr("gone", "user.nothing", value, sizeof value);
  return 0;
})");
  const auto seen = s.script("./attributes");
  CHECK(seen.line("moded") == "p f");
  CHECK(seen.line("timed") == "p f");
  CHECK(seen.line("attributed") == "p f");
  CHECK(seen.line("gone") == "p a");
}

TEST_CASE("realpath is as without, and its links are seen") {
  const auto s = scene();
  os::make_directories(s.path("a/b"));
  s.file("f", "x");
  s.program("real", R"(#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  const char *paths[] = {"/", ".", "a/", "a/..", "a/./b", "l/b/../..", "f", "f/", "f/..", "f/x", "none", "none/x",
                         "dangling/x", "loop", "", "l//b", "../", "/usr/../usr/bin", "/proc/self", "abs"};
  for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
    char into[PATH_MAX] = "-";
    const char *found = realpath(paths[i], into);
    const int error = found ? 0 : errno;
    char *other = realpath(paths[i], NULL);
    printf("%s: %s %d %d\n", paths[i], strncmp(into, "/proc", 5) ? into : "process", error,
           found ? strcmp(found, other) : other != NULL);
    free(other);
  }
  return 0;
})");
  const std::string links = "ln -s a l; ln -s none dangling; ln -s loop loop; ln -s $PWD/a abs; ";
  const auto seen = s.script(links + "./real");
  CHECK(seen.at("l").uses.has(Use::follow));
  CHECK(seen.line("none") == "p a");
  const Scene plain(core::TraceMode::off);
  os::make_directories(plain.path("a/b"));
  plain.file("f", "x");
  const auto expected = plain.script(links + s.path("real")).log;
  const auto generic = [](std::string text, const std::string& root) {
    for (auto at = text.find(root); at != std::string::npos; at = text.find(root))
      text.replace(at, root.size(), "ROOT");
    return text;
  };
  CHECK(generic(seen.log, s.root) == generic(expected, plain.root));
}

TEST_CASE("programs that a library cannot be given to run without it, and are seen") {
  const auto s = scene();
  s.file("in.txt", "x");
  const auto sanitizer = GENERATE("-fsanitize=address", "-fsanitize=thread", "-m32");
  const auto can = os::run_program({"sh", "-c",
                                    "echo 'int main(void){return 0;}' > try.c; gcc " +
                                        std::string(sanitizer) + " -o try try.c && ./try"},
                                   {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}, 60s);
  ::unlink("try.c");
  ::unlink("try");
  if (can.exit_code != 0) return;
  s.program("checked",
            "#include <stdio.h>\nint main(void) { FILE *f = fopen(\"in.txt\", \"r\"); "
            "return f == 0 || fgetc(f) != 'x' || fclose(f); }",
            {sanitizer});
  const auto seen = s.script("./checked");
  CHECK(seen.log == "");
  CHECK(seen.line("in.txt") == "r f");
}

TEST_CASE("more files than the shared memory holds at once, and many processes") {
  const auto s = scene();
  os::make_directories(s.path("many"));
  s.program("reader", R"(#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  char name[64];
  for (int child = 0; child < 40; child++)
    if (fork() == 0) {
      for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "many/%d.%d", child, i);
        if (open(name, O_RDONLY) >= 0) _exit(1);
        if (access(name, R_OK) == 0) _exit(2);
      }
      _exit(0);
    }
  int status, all = 0;
  while (wait(&status) > 0) all |= status;
  return all != 0;
})");
  const auto seen = s.script("./reader");
  std::size_t absent = 0;
  for (const auto& [path, access] : seen.accesses)
    absent += path.starts_with("many/") && access.before == Presence::absent ? 1U : 0U;
  CHECK(absent == 4000);
  CHECK(seen.result.observation.grade == core::Grade::traced);
}

TEST_CASE("of a folder of many files each is what it is: files, links and second names") {
  const auto s = scene();
  os::make_directories(s.path("many"));
  constexpr int kFiles = 200;
  for (int i = 0; i < kFiles; ++i)
    s.file("many/" + std::to_string(i), "text " + std::to_string(i % 7));
  s.file("other", "other");
  const auto link = os::run_program(
      {"sh", "-c", "ln -s ../other \"$1/link\"; ln -s 5 \"$1/near\"; ln \"$1/6\" \"$1/second\"",
       "sh", s.path("many")},
      os::environment_variables(), 60s);
  REQUIRE(link.exit_code == 0);
  s.program("reader", R"(#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
static int see(const char* name) {
  int file = open(name, O_RDONLY);
  if (file < 0) return 1;
  close(file);
  return 0;
}
int main(void) {
  char name[64];
  for (int i = 0; i < 150; i++) {
    snprintf(name, sizeof name, "many/%d", i);
    if (see(name)) return 1;
  }
  if (see("many/link") || see("many/near") || see("many/second") || see("many/160")) return 2;
  // The folder may be known by now, and changes.
  if (unlink("many/170") || symlink("../other", "many/170") || see("many/170")) return 3;
  if (rename("many/171", "many/172") || see("many/172")) return 4;
  int file = open("many/173", O_WRONLY | O_TRUNC);
  if (file < 0 || write(file, "new", 3) != 3 || close(file) || see("many/173")) return 5;
  return 0;
})");
  const auto seen = s.script("./reader");
  for (int i = 0; i < 150; ++i) {
    const auto path = "many/" + std::to_string(i);
    INFO(path);
    CHECK(seen.line(path) == "r f");
    CHECK(seen.at(path).content == content("text " + std::to_string(i % 7)));
    CHECK(seen.at(path).size == 6);
    CHECK(seen.at(path).mode == 0644);
  }
  CHECK(seen.line("many/link") == "f s");
  CHECK(seen.line("many/near") == "f s");
  CHECK(seen.line("other") == "r f");
  CHECK(seen.line("many/second") == "r f");
  CHECK(seen.line("many/160") == "r f");
  CHECK(seen.line("many/161") == "not seen");
  CHECK(seen.at("many/170").uses.has(Use::remove));
  CHECK(seen.at("many/170").uses.has(Use::follow));
  CHECK_FALSE(seen.at("many/170").uses.has(Use::read));
  CHECK(seen.line("many/171") == "rd f");
  CHECK(seen.at("many/172").uses.has(Use::write));
  CHECK(seen.at("many/173").uses.has(Use::write));
  CHECK(seen.result.observation.grade == core::Grade::traced);
}

TEST_CASE("renames, links and directories are seen") {
  const auto s = scene();
  s.file("data", "data");
  const auto seen = s.script(
      "echo 1 > tmp.1; mv tmp.1 final; ln -s data soft; ln data hard; cat soft hard > copy;"
      "mkdir d; echo 2 > d/x; mv d e; cat e/x; rmdir nothing || true; ls -U . > /dev/null");
  CHECK(seen.line("tmp.1") == "wcd a");
  CHECK(seen.line("final") == "wc a");
  CHECK(seen.line("soft") == "cf a");
  CHECK(seen.at("data").uses.has(Use::read));
  CHECK(seen.at("data").content == content("data"));
  CHECK(seen.at("hard").uses.has(Use::create));
  CHECK(seen.line("copy") == "wc a");
  CHECK(seen.line("d/x").starts_with("wcd"));
  CHECK(seen.line("e").starts_with("c"));
  CHECK(seen.at("e/x").uses.has(Use::create));
  CHECK(seen.at("e/x").uses.has(Use::read));
  CHECK(seen.line("nothing") == "p a");
  CHECK(seen.at(".").uses.has(Use::list));
  CHECK(seen.at(".").content == core::listing_content({{"data", Presence::file}}));
}

TEST_CASE("a renamed input is read and removed") {
  const auto s = scene();
  s.file("old", "text");
  const auto seen = s.script("mv old new");
  CHECK(seen.line("old") == "rd f");
  CHECK(seen.at("old").content == content("text"));
  CHECK(seen.line("new") == "wc a");
}

TEST_CASE("links on the way are followed and told") {
  const auto s = scene();
  os::make_directories(s.path("real/sub"));
  s.file("real/sub/x", "x");
  const auto seen = s.script("ln -s real way; cat way/sub/../sub/x; cd way/sub; cat ./x ../sub/x");
  CHECK(seen.line("real/sub/x") == "r f");
  CHECK(seen.at("way").uses.has(Use::follow));
  CHECK(seen.line("way/sub/x") == "not seen");
}

TEST_CASE("an existing link keeps its target as content") {
  const auto s = scene();
  s.file("one", "1");
  REQUIRE(os::run_program({"ln", "-s", "one", s.path("link")}, os::environment_variables(), 10s)
              .exit_code == 0);
  const auto seen = s.script("cat link");
  CHECK(seen.line("link") == "f s");
  CHECK(seen.at("link").content == content("one"));
  CHECK(seen.line("one") == "r f");
}

TEST_CASE("static programs, raw calls, 32-bit calls, O_TMPFILE and io_uring") {
  const auto s = scene();
  s.file("in1", "1");
  s.file("in2", "2");
  s.file("in3", "3");
  s.program("raw", R"(#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  struct open_how how = {0};
  if (syscall(SYS_openat2, AT_FDCWD, "in1", &how, sizeof how) < 0) return 1;
  int dir = open(".", O_RDONLY | O_DIRECTORY);
  if (syscall(SYS_openat, dir, "in2", O_RDONLY) < 0) return 2;
  if (fork() == 0) {
    static const char name[] = "in3";
    int fd;
    __asm__ volatile("int $0x80" : "=a"(fd) : "a"(5), "b"(name), "c"(0), "d"(0) : "memory");
    _exit(fd < 0);
  }
  int status;
  wait(&status);
  if (status != 0) fprintf(stderr, "no 32-bit calls\n");
  int tmp = open(".", O_TMPFILE | O_WRONLY, 0600);
  if (tmp >= 0) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", tmp);
    if (linkat(AT_FDCWD, link, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW)) return 4;
  }
  if (syscall(425, 1, 0) != -1 || errno != ENOSYS) return 5;
  return 0;
})",
            {"-static", "-no-pie", "-fno-pie"});
  const auto seen = s.script("./raw");
  CHECK(seen.line("in1") == "r f");
  CHECK(seen.line("in2") == "r f");
  if (seen.log.find("no 32-bit calls") == std::string::npos) CHECK(seen.line("in3") == "r f");
  CHECK(seen.line("linked") == "wc a");
  CHECK(seen.line("raw") == "rx f");
}

TEST_CASE("threads, forks without exec, and what outlives the step") {
  const auto s = scene();
  for (int i = 0; i < 8; ++i) s.file("in" + std::to_string(i), std::to_string(i));
  s.program("many", R"(#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *work(void *p) {
  char name[16];
  snprintf(name, sizeof name, "in%ld", (long)p);
  return (void *)(long)(open(name, O_RDONLY) < 0);
}
int main(void) {
  pthread_t t[8];
  for (long i = 0; i < 8; i++) pthread_create(&t[i], 0, work, (void *)i);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) { creat("daemon.out", 0600); sleep(600); }
    _exit(0);
  }
  while (access("daemon.out", F_OK)) usleep(1000);
  return 0;
})",
            {"-pthread"});
  const auto seen = s.script("./many");
  for (int i = 0; i < 8; ++i) CHECK(seen.line("in" + std::to_string(i)) == "r f");
  CHECK(seen.at("daemon.out").uses.has(Use::create));
  CHECK(seen.result.attempt.left_processes);
}

TEST_CASE("names of any bytes") {
  const auto s = scene();
  s.file("new\nline", "1");
  s.file("latin-\xe9", "2");
  const auto seen = s.script("cat new*; cat latin-*");
  CHECK(seen.line("new\nline") == "r f");
  CHECK(seen.line("latin-\xe9") == "r f");
}

TEST_CASE("what provrun opens for a plain command counts as the command's") {
  const auto s = scene();
  s.file("in", "text");
  auto job = s.job();
  job.scripts = {"cat < in > out"};
  const auto seen = s.run(job);
  CHECK(seen.line("in") == "r f");
  CHECK(seen.line("out") == "wc a");
}

TEST_CASE("a file that somebody else changes meanwhile is flagged") {
  const auto s = scene();
  s.file("in", "one");
  os::make_directories(s.path("gate"));
  exec::LocalExecutor other(s.path("gate"));
  auto outsider = s.job();
  outsider.token = 2;
  outsider.trace = core::TraceMode::off;
  outsider.scripts = {"until test -e gate/read; do sleep 0.01; done; echo two > in; touch gate/go"};
  outsider.plain_shell = false;
  other.start(outsider);
  const auto seen = s.script("cat in; touch gate/read; until test -e gate/go; do sleep 0.01; done");
  CHECK(seen.at("in").changed);
  CHECK(seen.at("in").content == content("one"));
}

TEST_CASE("without observing nothing is claimed") {
  const Scene s(core::TraceMode::off);
  const auto seen = s.script("cat /dev/null");
  CHECK(seen.result.observation.grade == core::Grade::declared);
  CHECK(seen.result.observation.reason == "observing was switched off");
  CHECK(seen.result.observation.mechanism == "");
  CHECK(seen.accesses.empty());
}

TEST_CASE("exit codes and signals are as without") {
  const auto mode = GENERATE(core::TraceMode::automatic, core::TraceMode::off);
  const Scene s(mode);
  auto job = s.job();
  job.plain_shell = false;
  job.scripts = {"kill -SEGV $$"};
  CHECK(s.run(job).result.attempt.signal == SIGSEGV);
  job.scripts = {"exit 75"};
  CHECK(s.run(job).result.attempt.exit_code == 75);
  job.scripts = {"no-such-program"};
  CHECK(s.run(job).result.attempt.exit_code == 127);
  job.scripts.clear();
  job.arguments = {"no-such-program"};
  CHECK(s.run(job).result.attempt.start_error == "no-such-program: command not found");
  job.arguments = {"/etc/passwd"};
  CHECK(s.run(job).result.attempt.exit_code == 126);
}

TEST_CASE("umask, limits, directory and dispositions of signals are as without") {
  const std::string what =
      "umask; pwd; ulimit -n; ulimit -s; ulimit -c; "
      "grep -E '^(SigBlk|SigIgn|SigCgt|ShdPnd)' /proc/$$/status | head -2; ls /proc/self/fd | wc "
      "-l; "
      "env | grep -v ^LD_PRELOAD= | sort";
  const Scene traced(core::TraceMode::automatic);
  const Scene plain(core::TraceMode::off);
  auto with = traced.script(what).log;
  auto without = plain.script(what).log;
  const auto generic = [](std::string text, const std::string& root) {
    for (auto at = text.find(root); at != std::string::npos; at = text.find(root))
      text.replace(at, root.size(), "ROOT");
    return text;
  };
  CHECK(generic(with, traced.root) == generic(without, plain.root));
}
