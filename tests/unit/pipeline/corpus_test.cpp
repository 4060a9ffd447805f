// Runs tests/corpus/pipeline through the parser and compares every message whole. With
// PROVRUN_REGENERATE_GOLDEN set it writes the .expected files instead, and says so.
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/pipeline/graph.hpp"
#include "support/catch.hpp"
#include "support/folder_sources.hpp"

using namespace provrun;

namespace {

const std::string kCorpus = PROVRUN_SOURCE_DIR "/tests/corpus/pipeline";

MemorySources corpus_sources() {
  MemorySources sources;
  add_folder(kCorpus + "/files", "", sources);
  return sources;
}

// Their paths without the suffix, sorted.
std::vector<std::string> documents(const std::string& folder) {
  std::vector<std::string> stems;
  for (const auto& entry : os::list_directory(kCorpus + "/" + folder))
    if (entry.name.ends_with(".yaml"))
      stems.push_back(kCorpus + "/" + folder + "/" + entry.name.substr(0, entry.name.size() - 5));
  return stems;
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
std::string messages(const std::string& stem, MemorySources& sources) {
  try {
    const auto path = stem + ".yaml";
    const auto workflow =
        pipeline::load_workflow(os::read_file(path), os::base_name(path), sources);
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
  for (const auto& stem : documents("good")) {
    INFO(stem);
    CHECK(messages(stem, sources) == "");
  }
}

TEST_CASE("bad pipelines are refused with the expected messages") {
  auto sources = corpus_sources();
  const bool regenerate = os::environment_variable("PROVRUN_REGENERATE_GOLDEN").has_value();
  for (const auto* folder : {"bad", "bad_graph", "bad_yaml"}) {
    for (const auto& stem : documents(folder)) {
      INFO(stem);
      const auto found = messages(stem, sources);
      CHECK(found != "");
      if (regenerate)
        os::write_file_atomically(stem + ".expected", found, os::Durability::cached, 0644);
      else
        CHECK(found == os::read_file(stem + ".expected"));
    }
  }
  if (regenerate) WARN("skipped: the expected messages were written anew");
}

TEST_CASE("the example of the manual is a pipeline") {
  const auto page = os::read_file(PROVRUN_SOURCE_DIR "/docs/manual/pipeline.md");
  const auto begin = page.find("```yaml\n") + 8;
  auto sources = corpus_sources();
  sources.files["config/samples.csv"] = "id\na\nb\n";
  const auto workflow = pipeline::load_workflow(page.substr(begin, page.find("```", begin) - begin),
                                                "pipeline.yaml", sources);
  CHECK(pipeline::expand(workflow).instance_count() == 6);
}
