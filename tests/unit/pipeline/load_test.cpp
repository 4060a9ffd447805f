#include "provrun/base/error.hpp"
#include "provrun/pipeline/graph.hpp"
#include "support/catch.hpp"
#include "support/memory_sources.hpp"

using namespace provrun;
using namespace provrun::pipeline;

namespace {

// Position, message and hint of the first error; "" if there is none.
std::string first_error(std::string_view text, MemorySources sources = {}) {
  try {
    const auto workflow = load_workflow(text, "pipeline.yaml", sources);
    expand(workflow);
    return "";
  } catch (const base::ErrorList& errors) {
    const auto& error = errors.errors().front();
    CHECK(error.code() == base::ErrorCode::invalid_input);
    auto shown = error.position()->to_string() + ": " + error.message();
    if (!error.hint().empty()) shown += " (" + error.hint() + ")";
    return shown;
  }
}

}  // namespace

TEST_CASE("what is no text is refused before any YAML is read") {
  const std::string hint =
      " (provrun reads YAML in UTF-8: give another file, or save this one as UTF-8 text)";
  CHECK(first_error(std::string_view("provrun: 1\nst\0eps", 17)) ==
        "pipeline.yaml: not a text file: byte 0x00 in line 2, column 3" + hint);
  CHECK(first_error("\x7f"
                    "ELF\x02") ==
        "pipeline.yaml: not a text file: byte 0x7F in line 1, column 1" + hint);
  CHECK(first_error("provrun: \xff\xfe") ==
        "pipeline.yaml: not a text file: its bytes are not UTF-8" + hint);
  CHECK(first_error(std::string((16U << 20U) + 1, '#')) ==
        "pipeline.yaml: the file is 16777217 bytes long; a pipeline may have 16777216 (put tables "
        "into a "
        "CSV file and name it with 'foreach: {csv: …}')");
  CHECK(first_error("") ==
        "pipeline.yaml: the pipeline is empty (it begins with 'provrun: 1' and has 'steps')");
  CHECK(first_error("\xEF\xBB\xBFprovrun: 1\r\nsteps:\r\n  a: {run: x}\r\n") == "");
}

TEST_CASE("columns count characters, so that a caret stands right") {
  CHECK(first_error("provrun: 1\nsteps:\n  a: {description: Größe, rnu: x}\n") ==
        "pipeline.yaml:3:27: unknown key 'rnu' in step 'a' (did you mean 'run'?)");
}

TEST_CASE("all errors of a document come in its order") {
  MemorySources sources;
  try {
    load_workflow(
        "provrun: 1\nsteps:\n  b: {run: \"{x}\", retries: no}\n  a: {needs: c, run: x}\nname: []\n",
        "p", sources);
    FAIL("accepted");
  } catch (const base::ErrorList& errors) {
    std::vector<std::string> places;
    for (const auto& error : errors.errors()) places.push_back(error.position()->to_string());
    CHECK(places == std::vector<std::string>{"p:3:13", "p:3:28", "p:4:14", "p:5:7"});
    CHECK(errors.message() == "unknown template {x}");
  }
}

TEST_CASE("a generator's hundred thousand errors are cut at a hundred") {
  std::string text = "provrun: 1\nsteps:\n";
  for (int i = 0; i < 1000; ++i) text += "  s" + std::to_string(i) + ": {rnu: x}\n";
  MemorySources sources;
  try {
    load_workflow(text, "p", sources);
    FAIL("accepted");
  } catch (const base::ErrorList& errors) {
    CHECK(errors.errors().size() == 100);
  }
}

TEST_CASE("files that shape the workflow are listed with their content") {
  MemorySources sources;
  sources.files = {{"params.yaml", "n: 2\n"}, {"a.csv", "id\nx\n"}};
  const auto workflow = load_workflow(
      "provrun: 1\nparams: {file: params.yaml}\nsteps:\n  a: {foreach: {csv: a.csv}, run: \"{id} "
      "{params.n}\"}\n"
      "  b: {foreach: {csv: a.csv}, run: \"{id}\"}\n",
      "p", sources);
  REQUIRE(workflow.files().size() == 2);
  CHECK(workflow.files()[0].path == "params.yaml");
  CHECK(workflow.files()[0].content == hash::sha256(std::string_view("n: 2\n")));
  CHECK(workflow.files()[1].path == "a.csv");
  CHECK(workflow.files()[1].size == 5);
  CHECK(workflow.configuration().dump() ==
        R"({"provrun":1,"steps":{"a":{"foreach":{"csv":"a.csv"},"run":"{id} {params.n}"},)"
        R"("b":{"foreach":{"csv":"a.csv"},"run":"{id}"}},"params":{"n":2}})");
}

TEST_CASE("what Sources throws passes through") {
  class Unreadable : public Sources {
    std::optional<std::string> read(const std::string&) override {
      throw base::Error(base::ErrorCode::refused, "cannot read");
    }
    std::vector<std::string> glob(const std::string&) override { return {}; }
  };
  Unreadable sources;
  try {
    load_workflow("provrun: 1\nparams: {file: x}\nsteps: {a: {run: x}}\n", "p", sources);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::refused);
  }
}

TEST_CASE("an instance is named by as many columns as tell the rows apart") {
  MemorySources sources;
  sources.files = {{"one.csv", "id,site\na,x\nb,x\n"},
                   {"two.csv", "id,site,n\na,x,1\na,y,1\n"},
                   {"odd.csv", "id\n\"a b/c\"\n\"\"\n"}};
  const auto workflow = load_workflow(
      "provrun: 1\nsteps:\n  one: {foreach: {csv: one.csv}, run: x}\n  two: {foreach: {csv: "
      "two.csv}, run: x}\n"
      "  odd: {foreach: {csv: odd.csv}, run: x}\n",
      "p", sources);
  const auto graph = expand(workflow);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < graph.instance_count(); ++i)
    names.emplace_back(graph.name(Graph::instance(i)));
  CHECK(names ==
        std::vector<std::string>{"one@a", "one@b", "two@a-x", "two@a-y", "odd@a_b_c", "odd@_"});
}

TEST_CASE("a hundred thousand instances and ten thousand steps stay small") {
  MemorySources sources;
  auto& table = sources.files["s.csv"];
  table = "id,site\n";
  for (int i = 0; i < 100'000; ++i)
    table += "s" + std::to_string(i) + ",t" + std::to_string(i % 7) + "\n";
  const auto workflow = load_workflow(
      "provrun: 1\nsteps:\n  a: {foreach: {csv: s.csv}, inputs: \"raw/{id}\", outputs: "
      "\"out/{id}\", run: \"x {site}\"}\n"
      "  sum: {inputs: {collect: a}, run: x}\n",
      "p", sources);
  const auto graph = expand(workflow);
  CHECK(graph.instance_count() == 100'001);
  CHECK(graph.predecessors(InstanceId{100'000}).size() == 100'000);
  CHECK(graph.path_count() == 200'000);

  std::string text = "provrun: 1\nsteps:\n";
  for (int i = 0; i < 10'000; ++i)
    text += "  s" + std::to_string(i) + ":\n    inputs: o/" + std::to_string(i) +
            "\n    outputs: o/" + std::to_string(i + 1) + "\n    run: cat {inputs} > {outputs}\n";
  const auto chain = load_workflow(text, "p", sources);
  const auto chain_graph = expand(chain);
  CHECK(chain_graph.instance_count() == 10'000);
  CHECK(select(chain_graph, std::vector<std::string>{"s99"}).instances.size() == 100);
}
