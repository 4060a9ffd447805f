#include "provrun/codec/zstd.hpp"

#include <zstd.h>

#include <algorithm>
#include <bit>

#include "provrun/base/error.hpp"

namespace provrun::codec {

struct ZstdCompressor::State {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ~State() { ZSTD_freeCCtx(context); }
};

ZstdCompressor::ZstdCompressor(int level) : state_(std::make_unique<State>()) {
  if (state_->context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_contentSizeFlag, 1);
}
ZstdCompressor::~ZstdCompressor() = default;
ZstdCompressor::ZstdCompressor(ZstdCompressor&&) noexcept = default;
ZstdCompressor& ZstdCompressor::operator=(ZstdCompressor&&) noexcept = default;

std::vector<std::uint8_t> ZstdCompressor::compress(std::span<const std::uint8_t> input) {
  std::vector<std::uint8_t> frame(ZSTD_compressBound(input.size()));
  const auto size =
      ZSTD_compress2(state_->context, frame.data(), frame.size(), input.data(), input.size());
  if (ZSTD_isError(size) != 0U)
    throw base::Error(base::ErrorCode::internal,
                      std::string("zstd cannot compress: ") + ZSTD_getErrorName(size));
  frame.resize(size);
  return frame;
}

std::span<const std::uint8_t> ZstdCompressor::compress_into(std::span<const std::uint8_t> input,
                                                            std::vector<std::uint8_t>& buffer) {
  const auto bound = ZSTD_compressBound(input.size());
  if (buffer.size() < bound) buffer.resize(bound);
  const auto size =
      ZSTD_compress2(state_->context, buffer.data(), buffer.size(), input.data(), input.size());
  if (ZSTD_isError(size) != 0U)
    throw base::Error(base::ErrorCode::internal,
                      std::string("zstd cannot compress: ") + ZSTD_getErrorName(size));
  return {buffer.data(), size};
}

std::span<const std::uint8_t> ZstdCompressor::compress_patch(std::span<const std::uint8_t> input,
                                                             std::span<const std::uint8_t> base,
                                                             std::vector<std::uint8_t>& buffer) {
  const auto bound = ZSTD_compressBound(input.size());
  if (buffer.size() < bound) buffer.resize(bound);
  auto* context = state_->context;
  // The window must reach from the last byte back to the first one of the base.
  const auto window =
      std::clamp(static_cast<int>(std::bit_width(input.size() + base.size())), 10, 26);
  // Long-distance matching finds no more below that, and takes half again as long.
  const int far = input.size() + base.size() > (std::size_t{4} << 20U) ? 1 : 0;
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window);
  ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, far);
  ZSTD_CCtx_refPrefix(context, base.data(), base.size());
  const auto size =
      ZSTD_compress2(context, buffer.data(), buffer.size(), input.data(), input.size());
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 0);
  if (ZSTD_isError(size) != 0U)
    throw base::Error(base::ErrorCode::internal,
                      std::string("zstd cannot compress: ") + ZSTD_getErrorName(size));
  return {buffer.data(), size};
}

struct ZstdDecompressor::State {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ~State() { ZSTD_freeDCtx(context); }
};

ZstdDecompressor::ZstdDecompressor() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr) throw std::bad_alloc();
}
ZstdDecompressor::~ZstdDecompressor() = default;
ZstdDecompressor::ZstdDecompressor(ZstdDecompressor&&) noexcept = default;
ZstdDecompressor& ZstdDecompressor::operator=(ZstdDecompressor&&) noexcept = default;

std::vector<std::uint8_t> ZstdDecompressor::decompress(std::span<const std::uint8_t> frames,
                                                       std::size_t max_size) {
  ZSTD_DCtx_reset(state_->context, ZSTD_reset_session_only);
  std::vector<std::uint8_t> output;
  const auto announced = ZSTD_getFrameContentSize(frames.data(), frames.size());
  if (announced == ZSTD_CONTENTSIZE_ERROR)
    throw base::Error(base::ErrorCode::corruption, "not a zstd frame");
  const bool known = announced != ZSTD_CONTENTSIZE_UNKNOWN;
  if (known && announced > max_size)
    throw base::Error(base::ErrorCode::corruption, "zstd frame larger than allowed");
  output.resize(known ? announced : std::min<std::size_t>(max_size, frames.size() * 4 + 1024));
  ZSTD_inBuffer in{frames.data(), frames.size(), 0};
  ZSTD_outBuffer out{output.data(), output.size(), 0};
  std::size_t status = 1;
  while (in.pos < in.size || status != 0) {
    const auto in_before = in.pos;
    const auto out_before = out.pos;
    status = ZSTD_decompressStream(state_->context, &out, &in);
    if (ZSTD_isError(status) != 0U)
      throw base::Error(base::ErrorCode::corruption,
                        std::string("zstd: ") + ZSTD_getErrorName(status));
    if (in.pos != in_before || out.pos != out_before) continue;
    if (out.pos < out.size)
      throw base::Error(base::ErrorCode::corruption, "zstd frame is cut short");
    if (output.size() >= max_size)
      throw base::Error(base::ErrorCode::corruption, "zstd frame larger than allowed");
    output.resize(std::min(max_size, output.size() * 2 + 1024));
    out.dst = output.data();
    out.size = output.size();
  }
  output.resize(out.pos);
  return output;
}

void ZstdDecompressor::decompress_exactly(std::span<const std::uint8_t> frame,
                                          std::span<std::uint8_t> output) {
  const auto size = ZSTD_decompressDCtx(state_->context, output.data(), output.size(), frame.data(),
                                        frame.size());
  if (ZSTD_isError(size) != 0U)
    throw base::Error(base::ErrorCode::corruption, std::string("zstd: ") + ZSTD_getErrorName(size));
  if (size != output.size())
    throw base::Error(base::ErrorCode::corruption, "zstd frame is shorter than it should be");
}

void ZstdDecompressor::decompress_patch(std::span<const std::uint8_t> frame,
                                        std::span<const std::uint8_t> base,
                                        std::span<std::uint8_t> output) {
  ZSTD_DCtx_reset(state_->context, ZSTD_reset_session_only);
  ZSTD_DCtx_refPrefix(state_->context, base.data(), base.size());
  decompress_exactly(frame, output);
}

std::optional<std::uint64_t> frame_content_size(std::span<const std::uint8_t> frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return std::nullopt;
  return size;
}

std::size_t frame_length(std::span<const std::uint8_t> bytes) {
  const auto size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  return ZSTD_isError(size) != 0U ? 0 : size;
}

namespace {
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= n ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string from_base64(std::string_view text) {
  const auto bad = [] { return base::Error(base::ErrorCode::invalid_input, "not base64"); };
  if (text.size() % 4 != 0) throw bad();
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      std::uint32_t value = 0;
      if (c >= 'A' && c <= 'Z')
        value = static_cast<std::uint32_t>(c - 'A');
      else if (c >= 'a' && c <= 'z')
        value = static_cast<std::uint32_t>(c - 'a' + 26);
      else if (c >= '0' && c <= '9')
        value = static_cast<std::uint32_t>(c - '0' + 52);
      else if (c == '+')
        value = 62;
      else if (c == '/')
        value = 63;
      else if (c == '=' && i + 4 == text.size() && k >= 2)
        ++padding;
      else
        throw bad();
      if (padding > 0 && c != '=') throw bad();
      group = group << 6U | value;
    }
    for (std::size_t k = 0; k + padding < 3; ++k)
      bytes += static_cast<char>(group >> (16 - 8 * k) & 255U);
  }
  return bytes;
}

}  // namespace provrun::codec
