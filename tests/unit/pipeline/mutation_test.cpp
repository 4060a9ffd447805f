// The fuzz target over the corpus and a fixed series of damaged copies of it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "fuzz/pipeline_target.hpp"
#include "support/catch.hpp"

namespace {

std::vector<std::string> seeds() {
  namespace fs = std::filesystem;
  std::vector<fs::path> paths;
  for (const auto* folder : {"good", "bad", "bad_graph", "bad_yaml"})
    for (const auto& entry :
         fs::directory_iterator(fs::path(PROVRUN_SOURCE_DIR) / "tests/corpus/pipeline" / folder))
      if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    texts.push_back(text.str());
  }
  return texts;
}

}  // namespace

TEST_CASE("damaged pipelines never do worse than be refused") {
  const auto texts = seeds();
  REQUIRE(texts.size() > 100);
  std::mt19937 random(20'26);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  const std::string signs = "{}[]:,&*!|>'\"-#@% \n\t\\ab1~?<=$/.";
  for (const auto& text : texts) {
    feed_pipeline(text);
    for (int round = 0; round < 8 && !text.empty(); ++round) {
      auto damaged = text;
      for (std::size_t edits = 1 + below(3); edits > 0 && !damaged.empty(); --edits) {
        const auto at = below(damaged.size());
        switch (below(4)) {
          case 0:
            damaged[at] = signs[below(signs.size())];
            break;
          case 1:
            damaged.erase(at, 1 + below(8));
            break;
          case 2:
            damaged.insert(at, 1, signs[below(signs.size())]);
            break;
          default: {
            const auto& other = texts[below(texts.size())];
            if (!other.empty()) damaged.insert(at, other, below(other.size()), below(40));
          }
        }
      }
      INFO(damaged);
      feed_pipeline(damaged);
    }
  }
  SUCCEED();
}

TEST_CASE("every beginning of a pipeline is accepted or refused") {
  const std::string text =
      "provrun: 1\nparams: {file: params.yaml}\nsamples: &s {csv: samples.csv}\nsteps:\n"
      "  a: &a\n    foreach: *s\n    when: site != 'x' or params.alpha < 1\n"
      "    outputs: {x: \"o/{id}\"}\n    run: |\n      echo {outputs.x}\n  b: {<<: *a, outputs: "
      "p/{id}}\n"
      "  c: {inputs: [{collect: a.x}], matrix: {n: \"{params.sites}\", exclude: [{n: a}]}, run: "
      "x}\n";
  for (std::size_t n = 0; n <= text.size(); ++n) feed_pipeline(std::string_view(text).substr(0, n));
  SUCCEED();
}
