// What the parser says of pipelines: reads one document a line from standard input (JSON is YAML)
// and writes one line for each: its messages, separated by U+001F; an empty line if it is good. The
// first argument is the folder that the documents lie in.
#include <cstdio>
#include <iostream>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"
#include "provrun/pipeline/graph.hpp"
#include "support/folder_sources.hpp"

using namespace provrun;

namespace {

std::string messages(const std::string& text, MemorySources& sources) {
  try {
    const auto workflow = pipeline::load_workflow(text, "p.yaml", sources);
    pipeline::expand(workflow);
    return "";
  } catch (const base::ErrorList& errors) {
    std::string all;
    for (const auto& error : errors.errors()) all += (all.empty() ? "" : "\x1f") + error.message();
    return all;
  } catch (const base::Error& error) {
    return error.message();
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  MemorySources sources;
  add_folder(words[1], "", sources);
  for (std::string line; std::getline(std::cin, line);) {
    auto told = messages(line, sources);
    for (auto& c : told)
      if (c == '\n') c = ' ';
    std::cout << told << '\n';
  }
}
