#include "provrun/store/chunk_frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/store/shuffle.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::uint32_t kWrappedMagic = 0x184D2A51;
constexpr std::size_t kWrapSize = 8;
constexpr std::size_t kMethodLimit = 512;
constexpr std::size_t kProbeSize = 32 << 10;  // bytes shuffled and compressed on trial
constexpr std::size_t kWorthPatching = 256;   // bytes; what is shorter gains nothing
constexpr double kIncompressible = 7.85;      // bits per byte; text and tables are below 6.5
constexpr int kPassThroughLevel = -50;        // zstd's fastest: what does not compress is copied
constexpr int kPatchLevel = 3;  // finds all of a megabyte's old bytes, which lower ones do not

base::Error bad_frame(const char* what) {
  return base::Error(base::ErrorCode::corruption, what);
}

void store_u32(std::uint8_t* at, std::uint32_t number) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(number >> (8 * i));
}

std::uint32_t load_u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8U |
         static_cast<std::uint32_t>(at[2]) << 16U | static_cast<std::uint32_t>(at[3]) << 24U;
}

}  // namespace

struct FrameEncoder::State {
  State(int level, const Features& f)
      : features(f), compressor(level), pass_through(kPassThroughLevel), patcher(kPatchLevel) {}

  Features features;
  codec::ZstdCompressor compressor;
  codec::ZstdCompressor pass_through;
  codec::ZstdCompressor patcher;
  codec::ZstdDecompressor decompressor;
  std::vector<std::uint8_t> frame, other, planes, wrapped;  // planes: what was decompressed, too

  void require_same(std::span<const std::uint8_t> plain) const {
    if (plain.size() != planes.size() ||
        std::memcmp(plain.data(), planes.data(), plain.size()) != 0)
      throw base::Error(
          base::ErrorCode::corruption,
          "a chunk changed while it was compressed: this machine's memory is not sound");
  }

  Frame wrap(std::string method, std::span<const std::uint8_t> bytes) {
    const auto size = kWrapSize + method.size() + 1 + bytes.size();
    wrapped.resize(size);
    store_u32(wrapped.data(), kWrappedMagic);
    store_u32(wrapped.data() + 4, static_cast<std::uint32_t>(size - kWrapSize));
    std::memcpy(wrapped.data() + kWrapSize, method.data(), method.size());
    wrapped[kWrapSize + method.size()] = '\n';
    std::memcpy(wrapped.data() + kWrapSize + method.size() + 1, bytes.data(), bytes.size());
    return {wrapped, std::move(method)};
  }

  // Whether the middle of the chunk is shorter in planes, compressed.
  bool gains_by_shuffling(std::span<const std::uint8_t> plain, unsigned width) {
    const auto length = std::min(plain.size(), kProbeSize) / 8 * 8;
    const auto sample = plain.subspan((plain.size() - length) / 2 / 8 * 8, length);
    const auto direct = compressor.compress_into(sample, frame).size();
    planes.resize(length);
    shuffle(sample, width, planes);
    return compressor.compress_into(planes, frame).size() * 20 < direct * 19;
  }

  Frame encode(std::span<const std::uint8_t> plain, const PatchBase* base) {
    if (features.patches && base != nullptr && plain.size() >= kWorthPatching) {
      const auto patch = patcher.compress_patch(plain, base->bytes, other);
      if (patch.size() * 2 < plain.size()) {
        auto rival = plain_or_shuffled(plain, patch.size() * 2);
        if (rival.bytes.empty() || patch.size() * 2 < rival.bytes.size()) {
          planes.resize(plain.size());
          decompressor.decompress_patch(patch, base->bytes, planes);
          require_same(plain);
          std::string method = "patch ";
          append_number(method, static_cast<std::uint64_t>(base->depth) + 1);
          for (const auto& chunk : base->chunks) {
            method += ' ';
            append_hex(method, chunk.digest);
          }
          return wrap(std::move(method), patch);
        }
        return rival;
      }
    }
    return plain_or_shuffled(plain, 0);
  }

  // With a limit: nothing, when the frame is certain to be longer.
  Frame plain_or_shuffled(std::span<const std::uint8_t> plain, std::size_t limit) {
    const unsigned width = features.shuffle ? promising_width(plain) : 1;
    if (limit != 0 && limit * 8 < plain.size()) return {};  // nothing but constant bytes is shorter
    if (width > 1 && gains_by_shuffling(plain, width)) {
      planes.resize(plain.size());
      shuffle(plain, width, planes);
      const auto bytes = compressor.compress_into(planes, frame);
      // The planes are undone from what was decompressed: both steps are tested.
      std::vector<std::uint8_t>& decompressed = wrapped;
      decompressed.resize(plain.size());
      decompressor.decompress_exactly(bytes, decompressed);
      planes.resize(plain.size());
      unshuffle(decompressed, width, planes);
      require_same(plain);
      std::string method = "shuffle ";
      append_number(method, width);
      return wrap(std::move(method), bytes);
    }
    // Too few bytes for the estimate are cheap to try.
    const bool hopeless = plain.size() >= 4096 && sampled_entropy(plain) > kIncompressible;
    const auto bytes = (hopeless ? pass_through : compressor).compress_into(plain, frame);
    planes.resize(plain.size());
    decompressor.decompress_exactly(bytes, planes);
    require_same(plain);
    return {bytes, {}};
  }
};

FrameEncoder::FrameEncoder(int level, const Features& features)
    : state_(std::make_unique<State>(level, features)) {}
FrameEncoder::~FrameEncoder() = default;
FrameEncoder::FrameEncoder(FrameEncoder&&) noexcept = default;

FrameEncoder::Frame FrameEncoder::encode(std::span<const std::uint8_t> plain,
                                         const PatchBase* base) {
  return state_->encode(plain, base);
}

struct FrameDecoder::State {
  codec::ZstdDecompressor decompressor;
  std::vector<std::uint8_t> planes;
};

FrameDecoder::FrameDecoder() : state_(std::make_unique<State>()) {}
FrameDecoder::~FrameDecoder() = default;
FrameDecoder::FrameDecoder(FrameDecoder&&) noexcept = default;

std::vector<std::uint8_t> FrameDecoder::decode(std::span<const std::uint8_t> frame,
                                               std::uint32_t plain_limit,
                                               const ReadChunk& read_chunk) {
  const auto header = parse_frame_header(frame);
  const auto bytes = frame.subspan(header.header_size);
  const auto size = codec::frame_content_size(bytes);
  if (!size) throw bad_frame("its zstd frame is bad_frame");
  if (*size > plain_limit) throw bad_frame("it is larger than it may be");
  std::vector<std::uint8_t> plain(*size);
  if (!header.bases.empty()) {
    std::vector<std::uint8_t> base;
    for (const auto& id : header.bases) {
      const auto part = read_chunk(id);
      if (base.empty() && header.bases.size() > 1) base.reserve(part.size() * header.bases.size());
      base.insert(base.end(), part.begin(), part.end());
    }
    state_->decompressor.decompress_patch(bytes, base, plain);
  } else if (header.width > 1) {
    state_->planes.resize(*size);
    state_->decompressor.decompress_exactly(bytes, state_->planes);
    unshuffle(state_->planes, header.width, plain);
  } else {
    state_->decompressor.decompress_exactly(bytes, plain);
  }
  return plain;
}

FrameHeader parse_method(std::string_view method) {
  FrameHeader header;
  header.method = method;
  const auto bad = [] { return bad_frame("it is stored by an unknown method"); };
  if (method.empty()) return header;
  const auto space = method.find(' ');
  if (space == std::string_view::npos) throw bad();
  const auto name = method.substr(0, space);
  auto rest = method.substr(space + 1);
  if (name == "shuffle") {
    if (!read_number(rest, header.width) ||
        (header.width != 2 && header.width != 4 && header.width != 8))
      throw bad();
    return header;
  }
  std::uint32_t depth = 0;
  const auto end = rest.find(' ');
  if (name != "patch" || end == std::string_view::npos ||
      !read_number(rest.substr(0, end), depth) || depth == 0 || depth > 1000)
    throw bad();
  header.depth = static_cast<int>(depth);
  rest.remove_prefix(end);
  while (!rest.empty()) {
    ChunkId base;
    if (rest.size() < 65 || rest[0] != ' ' || !read_hex(rest.substr(1, 64), base.digest))
      throw bad();
    header.bases.push_back(base);
    rest.remove_prefix(65);
  }
  return header;
}

FrameHeader parse_frame_header(std::span<const std::uint8_t> frame) {
  return parse_frame_start(frame, frame.size());
}

FrameHeader parse_frame_start(std::span<const std::uint8_t> start, std::size_t frame_size) {
  if (start.size() < kWrapSize) throw bad_frame("its frame is too short");
  if (load_u32(start.data()) != kWrappedMagic) return {};
  if (load_u32(start.data() + 4) != frame_size - kWrapSize)
    throw bad_frame("its frame has not the length it tells");
  const auto text = start.subspan(kWrapSize, std::min(start.size() - kWrapSize, kMethodLimit));
  const auto end = std::find(text.begin(), text.end(), static_cast<std::uint8_t>('\n'));
  if (end == text.end() || end == text.begin()) throw bad_frame("its frame tells no method");
  const auto length = static_cast<std::size_t>(end - text.begin());
  auto header = parse_method({reinterpret_cast<const char*>(text.data()), length});
  header.header_size = kWrapSize + length + 1;
  return header;
}

}  // namespace provrun::store
