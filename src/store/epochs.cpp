#include "provrun/store/epochs.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/codec/zstd.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {}  // namespace

std::string epoch_name(std::uint64_t epoch) {
  return base::format("epochs/{}", epoch);
}
std::string tombstones_name(std::uint64_t epoch) {
  return epoch_name(epoch) + "/tombstones.zst";
}
std::string verdict_name(std::uint64_t epoch) {
  return epoch_name(epoch) + "/verdict.zst";
}

std::string encode_pack_list(const PackSet& packs) {
  std::vector<PackId> sorted(packs.begin(), packs.end());
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const auto& pack : sorted) {
    append_hex(text, pack.digest);
    text += '\n';
  }
  thread_local codec::ZstdCompressor compressor(3);
  const auto frame =
      compressor.compress({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return {frame.begin(), frame.end()};
}

PackSet read_pack_list(backend::Backend& backend, const std::string& name) {
  try {
    const auto file = backend.read_all(name, kPackListLimit);
    thread_local codec::ZstdDecompressor decompressor;
    const auto plain = decompressor.decompress(
        {reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, kPackListLimit);
    std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
    PackSet packs;
    while (!text.empty()) {
      const auto line = take_until(text, '\n');
      PackId id;
      if (!line || !read_hex(*line, id.digest))
        throw base::Error(base::ErrorCode::corruption, "a line of it is not valid");
      packs.insert(id);
    }
    return packs;
  } catch (base::Error& error) {
    if (error.code() != base::ErrorCode::corruption) throw;
    throw base::Error(base::ErrorCode::corruption,
                      base::format("{} of the repository is damaged: {}", name, error.message()))
        .hint(
            "it tells which packs were removed: bring it back from a copy of the repository; what "
            "is recorded can still be read and restored");
  }
}

std::vector<std::uint64_t> list_epochs(backend::Backend& backend) {
  std::vector<std::uint64_t> epochs;
  for (const auto& name : backend.list("epochs")) {
    std::uint64_t epoch = 0;
    if (read_number(name, epoch) && epoch > 0) epochs.push_back(epoch);
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
}

std::vector<std::string> read_ends(backend::Backend& backend, std::uint64_t epoch) {
  std::vector<std::string> ends;
  for (const auto& name : backend.list(epoch_name(epoch)))
    if (name.ends_with(".end"))
      ends.push_back(backend.read_all(epoch_name(epoch) + "/" + name, kManifestLimit));
  return ends;
}

}  // namespace provrun::store
