#include "provrun/capture/interpreter_packages.hpp"

#include "provrun/base/error.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/process.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using capture::InterpreterKind;
using capture::InterpreterQuery;
using capture::LanguagePackage;
using capture::ProgramCall;
using capture::ProgramOutput;

namespace {

capture::RunProgram answering(std::string text) {
  return [text = std::move(text)](const ProgramCall&) {
    ProgramOutput output;
    output.out = text;
    return output;
  };
}

ProgramOutput run_really(const ProgramCall& call) {
  auto environment = os::environment_variables();
  environment.insert(environment.end(), call.environment.begin(), call.environment.end());
  ProgramOutput output;
  try {
    const auto result = os::run_program(call.argv, environment, call.timeout);
    output.exit_code = result.exit_code;
    output.timed_out = result.timed_out;
    output.out = result.standard_output;
    output.error_output = result.standard_error;
  } catch (const base::Error& error) {
    output.start_error = error.message();
  }
  return output;
}

}  // namespace

TEST_CASE("interpreters are told by their names") {
  using capture::interpreter_kind;
  for (const char* name : {"python", "python3", "/usr/bin/python3.11", "pypy3"})
    CHECK(interpreter_kind(name) == InterpreterKind::python);
  CHECK(interpreter_kind("/x/Rscript") == InterpreterKind::r);
  CHECK(interpreter_kind("R") == InterpreterKind::r);
  CHECK(interpreter_kind("julia-1.9") == InterpreterKind::julia);
  for (const char* name : {"", "pythonw", "python3-config", "sh", "r", "julia.sh", "python3/"})
    CHECK(interpreter_kind(name) == std::nullopt);
}

TEST_CASE("package lists of conda, R and Julia") {
  CHECK(capture::parse_conda_meta(
            R"({"name":"numpy","version":"1.2","build":"py_0","subdir":"linux-64",)"
            R"("channel":"https://conda.anaconda.org/t/SECRET/conda-forge/linux-64"})") ==
        LanguagePackage{"numpy", "1.2", "conda:conda-forge/py_0"});
  CHECK(
      capture::parse_conda_meta(
          R"({"name":"a","version":"1","build":"h","channel":"https://r.com/pkgs/main/noarch"})") ==
      LanguagePackage{"a", "1", "conda:pkgs/main/h"});
  CHECK(capture::parse_conda_meta(R"({"name":"a","version":"1"})") ==
        LanguagePackage{"a", "1", "conda"});
  for (const char* bad : {"", "[]", "{", R"({"name":1,"version":"1"})", "\xff"})
    CHECK(capture::parse_conda_meta(bad) == std::nullopt);

  CHECK(
      capture::parse_r_description("Package: dplyr\r\nVersion: 1.1.4\nTitle: x\n  Version: 9\n") ==
      LanguagePackage{"dplyr", "1.1.4", "r"});
  CHECK(capture::parse_r_description("Package: x\n") == std::nullopt);

  const std::vector<LanguagePackage> expected{{"CSV", "0.10.4", "julia"}, {"Dates", "", "julia"}};
  CHECK(capture::parse_julia_manifest("julia_version = \"1.9.3\"\nmanifest_format = \"2.0\"\n\n"
                                      "[[deps.Dates]]\nuuid = \"a\"\n\n[[deps.CSV]]\n"
                                      "deps = [\"Dates\"]\nversion = \"0.10.4\"\n"
                                      "[deps.CSV.extensions]\nversion = \"7\"\n") == expected);
  CHECK(capture::parse_julia_manifest("[[CSV]]\nversion = \"0.10.4\"\n[[Dates]]\n") == expected);
  CHECK(capture::parse_julia_manifest("[[\n[[]]\nversion\n=\"\n\xff").empty());
}

TEST_CASE("Python's answer and its conda environment") {
  test::TemporaryDirectory conda;
  test::write_file(conda / "conda-meta/numpy-1.json",
                   R"({"name":"numpy","version":"1.2","build":"b"})");
  test::write_file(conda / "conda-meta/bad.json", "{");
  test::write_file(conda / "conda-meta/history", "x");
  InterpreterQuery query;
  query.program = "python3";
  const auto packages = capture::interpreter_packages(
      InterpreterKind::python, query,
      answering("hello\n@provrun@{\"version\":\"3.11.2\",\"prefix\":\"/venv\",\"base_prefix\":\"" +
                conda.path() +
                "\",\"problem\":\"\",\"packages\":[[\"pip\",\"23\"],[\"numpy\",\"1.2\"],"
                "[\"pip\",\"22\"],[null,\"1\"],[\"odd\"]]}\n"));
  CHECK(packages.version == "3.11.2");
  CHECK(packages.conda_prefix == conda.path());
  CHECK_FALSE(packages.complete);
  CHECK(packages.note == "conda's bad.json cannot be read");
  CHECK(packages.packages == std::vector<LanguagePackage>{{"numpy", "1.2", "conda:/b"},
                                                          {"numpy", "1.2", "python"},
                                                          {"pip", "23", "python"}});
}

TEST_CASE("Python's answer is kept until something that it came from changes") {
  if (!os::find_program("python3")) return;
  test::TemporaryDirectory folder;
  test::write_file(folder / "site/a.pth", "");
  os::make_directories(folder / "old");
  int asked = 0;
  std::string files = "[\"" + folder.path() + "/old\",\"" + folder.path() + "/none\"]";
  const auto ask = [&] {
    InterpreterQuery query;
    query.program = "python3";
    query.kept = folder / "kept";
    return capture::interpreter_packages(InterpreterKind::python, query, [&](const ProgramCall&) {
      ProgramOutput output;
      output.out = "@provrun@{\"version\":\"3." + std::to_string(++asked) +
                   "\",\"problem\":\"\",\"packages\":[[\"pip\",\"23\"]],\"files\":" + files + "}\n";
      return output;
    });
  };
  // Too young: nothing proves that it is as it was when it was asked.
  CHECK(ask().version == "3.1");
  CHECK(ask().version == "3.2");
  if (os::environment_variable("PYTHONPATH")) return;
  // Folders of the machine are old.
  files = R"(["/", "/usr", "/no such folder", ")" + folder.path() + "/none\"]";
  const auto root = os::stat_file("/");
  const auto usr = os::stat_file("/usr");
  const auto now = os::file_clock_now().nanoseconds;
  if (!root || !usr || now - root->ctime_ns < 3'000'000'000 || now - usr->ctime_ns < 3'000'000'000)
    return;
  CHECK(ask().version == "3.3");
  const auto kept = ask();
  CHECK(kept.version == "3.3");
  CHECK(kept.complete);
  CHECK(kept.packages == std::vector<LanguagePackage>{{"pip", "23", "python"}});
  CHECK(asked == 3);
  test::write_file(folder / "none", "it is there now");
  CHECK(ask().version == "3.4");
  // What is kept may be damaged.
  for (const auto& entry : os::list_directory(folder / "kept"))
    test::write_file(os::join_path(folder / "kept", entry.name), "{\"files\":[1]}");
  CHECK(ask().version == "3.5");
  files = "[\"relative\"]";
  os::remove_tree(folder / "kept");
  CHECK(ask().version == "3.6");
  CHECK(ask().version == "3.7");
}

TEST_CASE("an interpreter that does not answer is noted") {
  InterpreterQuery query;
  query.program = "python3";
  const auto with = [&](ProgramOutput output) {
    return capture::interpreter_packages(InterpreterKind::python, query,
                                         [&](const ProgramCall&) { return output; });
  };
  ProgramOutput output;
  output.timed_out = true;
  CHECK(with(output).note == "the interpreter could not be asked: it gave no answer in time");
  output = {};
  output.exit_code = 1;
  output.error_output = "a\nboom\n";
  CHECK(with(output).note == "the interpreter could not be asked: it ended with code 1: boom");
  output = {};
  output.start_error = "no such program";
  CHECK_FALSE(with(output).complete);
  for (const char* odd : {"", "@provrun@", "@provrun@{}", "@provrun@[1]",
                          "@provrun@{\"packages\":[1]}", "@provrun@{\"packages\":5}"}) {
    output = {};
    output.out = odd;
    CHECK_FALSE(with(output).note.empty());
    CHECK_FALSE(with(output).complete);
  }
}

TEST_CASE("R's libraries and Julia's projects are read from their folders") {
  test::TemporaryDirectory folder;
  test::write_file(folder / "one/dplyr/DESCRIPTION", "Package: dplyr\nVersion: 2\n");
  test::write_file(folder / "two/dplyr/DESCRIPTION", "Package: dplyr\nVersion: 1\n");
  test::write_file(folder / "two/base/DESCRIPTION", "Package: base\nVersion: 4.2.2\n");
  test::write_file(folder / "two/file", "");
  InterpreterQuery query;
  query.program = "Rscript";
  query.working_directory = folder / "work/deep";
  const std::string answer = "\n@provrun@version=4.2.2\n@provrun@library=" + folder / "one" +
                             "\n@provrun@library=" + folder / "two" + "\n";
  auto packages = capture::interpreter_packages(InterpreterKind::r, query, answering(answer));
  CHECK(packages.version == "4.2.2");
  CHECK(packages.complete);
  CHECK(packages.packages ==
        std::vector<LanguagePackage>{{"base", "4.2.2", "r"}, {"dplyr", "2", "r"}});
  test::write_file(folder / "work/deep/.Rprofile", "");
  packages = capture::interpreter_packages(InterpreterKind::r, query, answering(answer));
  CHECK_FALSE(packages.complete);

  test::write_file(folder / "work/Manifest.toml", "[[deps.CSV]]\nversion = \"1\"\n");
  test::write_file(folder / "other/Manifest-v1.11.toml", "[[deps.JSON]]\nversion = \"2\"\n");
  query.program = "julia";
  const auto julia = answering("julia version 1.11.0\n");
  packages = capture::interpreter_packages(InterpreterKind::julia, query, julia);
  CHECK(packages.version == "1.11.0");
  CHECK(packages.project == folder / "work");
  CHECK(packages.packages == std::vector<LanguagePackage>{{"CSV", "1", "julia"}});
  CHECK_FALSE(packages.complete);
  query.environment = {{"JULIA_PROJECT", "../../other/Project.toml"}};
  packages = capture::interpreter_packages(InterpreterKind::julia, query, julia);
  CHECK(packages.packages == std::vector<LanguagePackage>{{"JSON", "2", "julia"}});
  CHECK(packages.complete);
  test::write_file(folder / "depot/environments/shared/Manifest.toml",
                   "[[deps.FFTW]]\nversion = \"3\"\n");
  query.environment = {{"JULIA_PROJECT", "@shared"},
                       {"JULIA_DEPOT_PATH", (folder / "depot") + ":/usr/share/julia"}};
  packages = capture::interpreter_packages(InterpreterKind::julia, query, julia);
  CHECK(packages.packages == std::vector<LanguagePackage>{{"FFTW", "3", "julia"}});
  query.environment = {{"JULIA_PROJECT", folder / "empty"}};
  packages = capture::interpreter_packages(InterpreterKind::julia, query, julia);
  CHECK(packages.note == "no Manifest.toml was found");
}

TEST_CASE("the Python of this machine answers, PYTHONPATH counts") {
  if (!os::find_program("python3")) return;
  test::TemporaryDirectory folder;
  test::write_file(folder / "made_up-7.5.dist-info/METADATA",
                   "Metadata-Version: 2.1\nName: made-up\nVersion: 7.5\n");
  InterpreterQuery query;
  query.program = "python3";
  query.timeout = std::chrono::seconds(60);
  query.environment = {{"PYTHONPATH", folder.path()}};
  const auto packages = capture::interpreter_packages(InterpreterKind::python, query, run_really);
  INFO(packages.note);
  CHECK(packages.version.substr(0, 2) == "3.");
  const bool found =
      std::find(packages.packages.begin(), packages.packages.end(),
                LanguagePackage{"made-up", "7.5", "python"}) != packages.packages.end();
  CHECK(found);
  const codec::Json json = capture::to_json(packages);
  CHECK(json.get_string("kind") == "python");
  CHECK(json.at("packages").as_array().size() == packages.packages.size());
}
