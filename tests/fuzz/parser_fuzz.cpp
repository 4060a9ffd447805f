// libFuzzer entry point of every parser of foreign bytes but the pipeline's, chosen by its name:
//   cmake --preset fuzz && cmake --build build/fuzz --target parser_fuzz
//   FUZZ_TARGET=tree FUZZ_SEEDS=work build/fuzz/tests/parser_fuzz     writes the seeds into work/
//   FUZZ_TARGET=tree build/fuzz/tests/parser_fuzz -max_total_time=60 work/
// Without a name all of them are fed.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>

#include "fuzz/target.hpp"

namespace {

std::vector<provrun::fuzz::Target> chosen;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const name = std::getenv("FUZZ_TARGET");
  for (auto& target : provrun::fuzz::all_targets())
    if (name == nullptr || target.name == name) chosen.push_back(target);
  if (chosen.empty()) {
    std::fprintf(stderr, "no target is called %s\n", name);
    std::exit(2);
  }
  if (const char* const folder = std::getenv("FUZZ_SEEDS")) {
    int number = 0;
    for (const auto& target : chosen)
      for (const auto& seed : target.seeds)
        std::ofstream(std::string(folder) + "/seed" + std::to_string(number++)) << seed;
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& target : chosen) target.feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
