// Runs tests/corpus/pipeline through the parser and compares every message whole. With
// PROVRUN_UPDATE_EXPECTED set it writes the .expected files instead, and says so.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "provrun/pipeline/graph.hpp"
#include "support/catch.hpp"
#include "support/memory_sources.hpp"

using namespace provrun;

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

fs::path corpus() {
  return fs::path(PROVRUN_SOURCE_DIR) / "tests/corpus/pipeline";
}

MemorySources corpus_sources() {
  MemorySources sources;
  for (const auto& entry : fs::recursive_directory_iterator(corpus() / "files"))
    if (entry.is_regular_file())
      sources.files[entry.path().lexically_relative(corpus() / "files").string()] =
          read_file(entry.path());
  return sources;
}

std::vector<fs::path> documents(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(corpus() / folder))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// As the command line shows it.
std::string render(const base::Error& error) {
  std::string text;
  if (error.position()) text += error.position()->to_string() + ": ";
  text += error.message() + "\n";
  if (error.position() && error.position()->column > 0) {
    text += "  | " + error.position()->source_line + "\n  | ";
    text += std::string(static_cast<std::size_t>(error.position()->column - 1), ' ') + "^\n";
  }
  if (!error.hint().empty()) text += "hint: " + error.hint() + "\n";
  return text;
}

// "" if the document is good.
std::string messages(const fs::path& path, MemorySources& sources) {
  try {
    const auto workflow =
        pipeline::load_workflow(read_file(path), path.filename().string(), sources);
    const auto graph = pipeline::expand(workflow);
    for (std::size_t i = 0; i < graph.instance_count(); ++i) graph.invocation(graph.instance(i));
    pipeline::select(graph, {});
    workflow.configuration();
    return "";
  } catch (const base::ErrorList& errors) {
    std::string text;
    for (const auto& error : errors.errors()) text += render(error);
    return text;
  }
}

}  // namespace

TEST_CASE("good pipelines are accepted") {
  auto sources = corpus_sources();
  for (const auto& path : documents("good")) {
    INFO(path.filename().string());
    CHECK(messages(path, sources) == "");
  }
}

TEST_CASE("bad pipelines are refused with the expected messages") {
  auto sources = corpus_sources();
  const bool update = std::getenv("PROVRUN_UPDATE_EXPECTED") != nullptr;
  for (const auto* folder : {"bad", "bad_graph", "bad_yaml"}) {
    for (const auto& path : documents(folder)) {
      INFO(folder << "/" << path.filename().string());
      const auto found = messages(path, sources);
      auto expected = path;
      expected.replace_extension(".expected");
      if (update) std::ofstream(expected, std::ios::binary) << found;
      CHECK(found != "");
      CHECK(found == read_file(expected));
    }
  }
  if (update) WARN("the expected messages were written anew: nothing was tested");
}

TEST_CASE("the example of the manual is a pipeline") {
  const auto page = read_file(fs::path(PROVRUN_SOURCE_DIR) / "docs/manual/pipeline.md");
  const auto begin = page.find("```yaml\n") + 8;
  auto sources = corpus_sources();
  sources.files["config/samples.csv"] = "id\na\nb\n";
  const auto workflow = pipeline::load_workflow(page.substr(begin, page.find("```", begin) - begin),
                                                "pipeline.yaml", sources);
  CHECK(pipeline::expand(workflow).instance_count() == 6);
}
