// libFuzzer entry point of the pipeline room; the corpus gives the seeds:
//   cmake --preset fuzz && cmake --build build/fuzz --target pipeline_fuzz
//   build/fuzz/tests/pipeline_fuzz -rss_limit_mb=4096 work/ tests/corpus/pipeline/good
#include <cstddef>
#include <cstdint>

#include "fuzz/pipeline_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  feed_pipeline({reinterpret_cast<const char*>(data), size});
  return 0;
}
