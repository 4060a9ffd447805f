#include "provrun/pipeline/graph.hpp"

#include "support/catch.hpp"
#include "support/memory_sources.hpp"

using namespace provrun;
using namespace provrun::pipeline;

namespace {

constexpr std::string_view kPenguins = R"(provrun: 1
name: penguins
params: {alpha: 0.050, species: [adelie, gentoo]}
samples: &samples {csv: config/samples.csv}
env:
  set: {OMP_NUM_THREADS: "1", TZ: UTC}
  pass: [LANG]
  secrets: [API_TOKEN]
defaults: {retries: 1, resources: {cpus: 2, time: 30min}}
steps:
  report:
    inputs: {models: {collect: fit.model}}
    outputs: {page: {path: out/report.html, publish: true, caption: Main result}}
    run:
      - python3 src/report.py {inputs.models} -o {outputs.page}
  clean:
    foreach: *samples
    inputs: {raw: "raw/{id}.csv", script: src/clean.py}
    outputs: {tidy: "work/{id}.csv"}
    run: python3 {inputs.script} {inputs.raw} -o {outputs.tidy} --site {site}
  fit:
    matrix: {species: "{params.species}", model: [ols, robust], exclude: [{species: adelie, model: robust}]}
    inputs: {data: {collect: clean.tidy}, script: src/fit.R}
    outputs: {model: "out/{species}.{model}.json"}
    run: Rscript {inputs.script} --alpha {params.alpha} {inputs.data} > {outputs.model}
    resources: {cpus: 4}
    retries: {max: 3, backoff: 30s}
targets: {default: [report], paper: [report, "fit@gentoo-ols"]}
)";

Workflow load(std::string_view text, MemorySources& sources, std::vector<Override> overrides = {}) {
  return load_workflow(text, "pipeline.yaml", sources, overrides);
}

std::vector<std::string> names(const Graph& graph, std::span<const InstanceId> ids) {
  std::vector<std::string> result;
  for (const auto id : ids) result.emplace_back(graph.name(id));
  return result;
}

std::vector<std::string> paths(const Graph& graph, std::span<const PathId> ids) {
  std::vector<std::string> result;
  for (const auto id : ids) result.emplace_back(graph.path(id));
  return result;
}

std::vector<std::string> all_names(const Graph& graph) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < graph.instance_count(); ++i)
    result.emplace_back(graph.name(Graph::instance(i)));
  return result;
}

using Strings = std::vector<std::string>;

MemorySources penguin_sources() {
  MemorySources sources;
  sources.files["config/samples.csv"] = "id,site\na,Palmer Station\nb,Dream\n";
  return sources;
}

}  // namespace

TEST_CASE("the example of the language becomes a graph") {
  auto sources = penguin_sources();
  const auto workflow = load(kPenguins, sources);
  CHECK(workflow.name() == "penguins");
  REQUIRE(workflow.files().size() == 1);
  CHECK(workflow.files()[0].path == "config/samples.csv");
  const auto graph = expand(workflow);
  CHECK(all_names(graph) == Strings{"clean@a", "clean@b", "fit@adelie-ols", "fit@gentoo-ols",
                                    "fit@gentoo-robust", "report"});
  const auto fit = *graph.find_instance("fit@gentoo-robust");
  CHECK(paths(graph, graph.inputs(fit)) == Strings{"work/a.csv", "work/b.csv", "src/fit.R"});
  CHECK(paths(graph, graph.outputs(fit)) == Strings{"out/gentoo.robust.json"});
  CHECK(names(graph, graph.predecessors(fit)) == Strings{"clean@a", "clean@b"});
  CHECK(names(graph, graph.successors(fit)) == Strings{"report"});
  CHECK(graph.step(fit).resources.cpus == 4);
  CHECK(graph.step(fit).resources.time_limit == std::chrono::minutes(30));
  CHECK(graph.step(fit).retries.max == 3);
  CHECK(graph.step(fit).retries.backoff == std::chrono::seconds(30));
  CHECK(graph.step(fit).parameters->dump() == R"({"alpha":0.05})");
  CHECK(graph.step(fit).environment->secrets == Strings{"API_TOKEN"});
  const auto invocation = graph.invocation(fit);
  CHECK(invocation.scripts ==
        Strings{"Rscript src/fit.R --alpha 0.050 work/a.csv work/b.csv > out/gentoo.robust.json"});
  CHECK(invocation.environment ==
        std::vector<std::pair<std::string, std::string>>{{"OMP_NUM_THREADS", "1"}, {"TZ", "UTC"}});
  CHECK(graph.invocation(*graph.find_instance("clean@a")).scripts ==
        Strings{"python3 src/clean.py raw/a.csv -o work/a.csv --site 'Palmer Station'"});
  const auto report = *graph.find_instance("report");
  const auto* page = graph.output_declaration(report, graph.outputs(report)[0]);
  REQUIRE(page != nullptr);
  CHECK(page->publish);
  CHECK(page->caption == "Main result");
  CHECK(graph.producer(*graph.find_path("./work//a.csv")) == graph.find_instance("clean@a"));
  CHECK_FALSE(graph.producer(*graph.find_path("src/fit.R")));
  CHECK(graph.nearest_path("src/fit.r") == "src/fit.R");
  CHECK(graph.input_position(fit, *graph.find_path("src/fit.R")).to_string() ==
        "pipeline.yaml:23:51");
  CHECK(names(graph, graph.consumers(*graph.find_path("src/clean.py"))) ==
        Strings{"clean@a", "clean@b"});
}

TEST_CASE("targets select what they need and nothing else") {
  auto sources = penguin_sources();
  const auto workflow = load(kPenguins, sources);
  const auto graph = expand(workflow);
  const auto selected = [&](const Strings& targets, const Strings& until = {}) {
    return names(graph, select(graph, targets, until).instances);
  };
  CHECK(selected({}).size() == 6);
  CHECK(selected({"fit@adelie-ols"}) == Strings{"clean@a", "clean@b", "fit@adelie-ols"});
  CHECK(selected({"./work/b.csv"}) == Strings{"clean@b"});
  CHECK(selected({"clean"}) == Strings{"clean@a", "clean@b"});
  CHECK(selected({"paper"}).size() == 6);
  CHECK(selected({"report"}, {"clean"}) == Strings{"clean@a", "clean@b"});
  CHECK(selected({"src/fit.R"}).empty());
  try {
    selected({"fit@gento-ols"});
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::not_found);
    CHECK(error.message() ==
          "'fit@gento-ols' is no target, step, instance or file of the pipeline");
    CHECK(error.hint() == "did you mean 'fit@gentoo-ols'?");
  }
}

TEST_CASE("overrides replace parameters and their spelling reaches the command") {
  auto sources = penguin_sources();
  const auto workflow = load(kPenguins, sources, {{"alpha", "1e-3"}, {"species", "[chinstrap]"}});
  const auto graph = expand(workflow);
  CHECK(all_names(graph) ==
        Strings{"clean@a", "clean@b", "fit@chinstrap-ols", "fit@chinstrap-robust", "report"});
  CHECK(graph.invocation(InstanceId{2}).scripts[0].find("--alpha 1e-3 ") != std::string::npos);
  CHECK(workflow.configuration().at("params").dump() ==
        R"({"alpha":0.001,"species":["chinstrap"]})");
  try {
    load(kPenguins, sources, {{"alhpa", "1"}});
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.message() == "there is no parameter 'alhpa'");
    CHECK(error.hint() == "did you mean 'alpha'?");
    CHECK(error.position()->to_string() == "--set alhpa");
  }
}

TEST_CASE("order-only needs wait and are told apart from data") {
  MemorySources sources;
  const auto workflow = load(R"(provrun: 1
steps:
  b: {inputs: x, needs: [a, c], outputs: y, run: "cat {inputs} > {outputs}"}
  a: {outputs: x, run: "echo > {outputs}"}
  c: {run: "true"}
)",
                             sources);
  const auto graph = expand(workflow);
  CHECK(all_names(graph) == Strings{"a", "c", "b"});
  CHECK_FALSE(graph.order_only(InstanceId{2}, InstanceId{0}));
  CHECK(graph.order_only(InstanceId{2}, InstanceId{1}));
  CHECK(names(graph, graph.successors(InstanceId{1})) == Strings{"b"});
}

TEST_CASE("a chain through the rows of one table is no cycle") {
  MemorySources sources;
  sources.files["steps.csv"] = "n,before\n2,1\n1,0\n3,2\n";
  const auto workflow = load(R"(provrun: 1
steps:
  go:
    foreach: {csv: steps.csv}
    inputs: "s/{before}"
    outputs: "s/{n}"
    run: cp {inputs} {outputs}
)",
                             sources);
  const auto graph = expand(workflow);
  CHECK(all_names(graph) == Strings{"go@1", "go@2", "go@3"});
  CHECK(names(graph, graph.instances_of(StepId{0})) == Strings{"go@2", "go@1", "go@3"});
  CHECK(graph.find_instance("go@2") == InstanceId{1});
}

TEST_CASE("directories link what is in them") {
  MemorySources sources;
  const auto workflow = load(R"(provrun: 1
steps:
  parts: {outputs: parts/, run: ./split}
  one: {inputs: parts/1.txt, outputs: all/one.txt, run: cp}
  two: {outputs: all/two.txt, run: cp}
  sum: {inputs: all/, outputs: sum.txt, run: "cat {inputs}/* > {outputs}"}
)",
                             sources);
  const auto graph = expand(workflow);
  CHECK(names(graph, graph.predecessors(*graph.find_instance("one"))) == Strings{"parts"});
  CHECK(names(graph, graph.predecessors(*graph.find_instance("sum"))) == Strings{"one", "two"});
  CHECK(graph.is_directory(*graph.find_path("parts")));
  CHECK(graph.is_directory(*graph.find_path("all")));
  CHECK(graph.maker("parts/deep/er.txt") == graph.find_instance("parts"));
  CHECK(names(graph, select(graph, Strings{"parts/9.txt"}).instances) == Strings{"parts"});
}

TEST_CASE("streams are files of the step, and a directory changes how paths are spelled") {
  MemorySources sources;
  const auto workflow = load(R"(provrun: 1
steps:
  a:
    inputs: {tool: ./bin/tool, table: data/in.csv}
    outputs: {table: sub/out.csv}
    cwd: sub
    stdin: "{inputs.table}"
    stdout: "{outputs.table}"
    stderr: log/{step}.txt
    env: {set: {TABLE: "{inputs.table} {name} {cpus}"}}
    run: "{inputs.tool} {outputs} ${HOME} {a,b} {{name}} {name:raw}"
)",
                             sources);
  const auto graph = expand(workflow);
  const InstanceId a{0};
  CHECK(paths(graph, graph.inputs(a)) == Strings{"bin/tool", "data/in.csv"});
  CHECK(paths(graph, graph.outputs(a)) == Strings{"sub/out.csv", "log/a.txt"});
  const auto invocation = graph.invocation(a);
  CHECK(invocation.directory == "sub");
  CHECK(invocation.scripts == Strings{"../bin/tool out.csv ${HOME} {a,b} {name} a"});
  CHECK(invocation.standard_input == graph.find_path("data/in.csv"));
  CHECK(invocation.standard_output == graph.find_path("sub/out.csv"));
  CHECK(invocation.standard_error == graph.find_path("log/a.txt"));
  CHECK(invocation.environment[0].second == "../data/in.csv a 1");
  CHECK(graph.output_declaration(a, graph.outputs(a)[1]) == nullptr);
}

TEST_CASE("globs, ranges, lists and when make instances") {
  MemorySources sources;
  sources.files = {{"raw/x.csv", ""}, {"raw/y.csv", ""}, {"raw/.z.txt", ""}};
  const auto workflow = load(R"(provrun: 1
params: {limit: 2, quick: false}
steps:
  g: {foreach: {glob: "raw/{id}.csv"}, run: "echo {id}"}
  r: {foreach: {range: [1, 3]}, when: item <= params.limit and not params.quick, run: "echo {item}"}
  l: {foreach: [a b, "c'd"], when: "item != 'x'", run: "echo {item} {item:raw}"}
  m: {foreach: [{a: 1, b: x}, {a: 1, b: y}], run: "echo {a}{b}"}
  none: {when: params.quick, run: "true"}
)",
                             sources);
  const auto graph = expand(workflow);
  CHECK(all_names(graph) ==
        Strings{"g@x", "g@y", "r@1", "r@2", "l@a_b", "l@c_d", "m@1-x", "m@1-y"});
  CHECK(graph.invocation(InstanceId{4}).scripts[0] == "echo 'a b' a b");
  CHECK(graph.invocation(InstanceId{5}).scripts[0] == "echo 'c'\\''d' c'd");
  REQUIRE(workflow.globs().size() == 1);
  CHECK(workflow.globs()[0].paths == Strings{"raw/x.csv", "raw/y.csv"});
  CHECK(graph.variables(InstanceId{6}) ==
        std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "x"}});
}

TEST_CASE("merges bring members that explicit keys win over") {
  MemorySources sources;
  const auto workflow = load(R"(provrun: 1
params:
  base: &base {a: 1, b: 1}
  more: &more {b: 2, c: 2}
  both: {<<: [*base, *more], c: 3}
  one: {b: 9, <<: *base}
  text: {"<<": kept}
steps: {s: {run: "true"}}
)",
                             sources);
  CHECK(workflow.parameters().find("both")->to_json().dump() == R"({"a":1,"b":1,"c":3})");
  CHECK(workflow.parameters().find("one")->to_json().dump() == R"({"b":9,"a":1})");
  CHECK(workflow.parameters().find("text")->to_json().dump() == R"({"<<":"kept"})");
}

TEST_CASE("scalars follow YAML 1.2") {
  MemorySources sources;
  const auto workflow = load(R"(provrun: 1
params: {a: yes, b: 0042, c: 1e3, d: 0x1F, e: ~, f: True, g: "1", h: 2026-01-01, i: 1_000, j: 0o17, k: .5}
steps: {s: {run: "echo {params.b} {params.c} {params.g}"}}
)",
                             sources);
  CHECK(
      workflow.parameters().to_json().dump() ==
      R"({"a":"yes","b":42,"c":1000,"d":31,"e":null,"f":true,"g":"1","h":"2026-01-01","i":"1_000","j":15,"k":0.5})");
  CHECK(expand(workflow).invocation(InstanceId{0}).scripts[0] == "echo 0042 1e3 1");
}
