#include <cstdlib>

#include "differences.hpp"
#include "inflate.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::compare {

namespace {

std::uint32_t big(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

struct Picture {
  std::string header;   // IHDR
  std::string colours;  // what decides how samples look: PLTE, tRNS, gAMA, sRGB, iCCP, cHRM
  std::string samples;  // unfiltered rows
  std::size_t row = 0;  // bytes of one
  std::uint32_t width = 0;
  unsigned pixel_bits = 0;
};

// PNG (ISO/IEC 15948) without interlacing.
Picture read(std::string_view png) {
  Picture picture;
  std::string packed;
  std::size_t at = 8;
  for (bool ended = false; !ended;) {
    if (png.size() - at < 12) fail("it is no PNG: it is cut short");
    const auto size = big(png.substr(at));
    const auto type = png.substr(at + 4, 4);
    if (png.size() - at - 12 < size) fail("it is no PNG: it is cut short");
    const auto data = png.substr(at + 8, size);
    at += 12 + std::size_t{size};
    if (type == "IHDR") picture.header = data;
    if (type == "IDAT") packed += data;
    if (type == "PLTE" || type == "tRNS" || type == "gAMA" || type == "sRGB" || type == "iCCP" ||
        type == "cHRM")
      (picture.colours += type) += data;
    ended = type == "IEND";
  }
  if (picture.header.size() != 13) fail("it is no PNG: it has no header");
  picture.width = big(picture.header);
  const auto height = big(std::string_view(picture.header).substr(4));
  const auto depth = static_cast<unsigned char>(picture.header[8]);
  constexpr unsigned kChannels[7] = {1, 0, 3, 1, 2, 0, 4};
  const auto colour = static_cast<unsigned char>(picture.header[9]);
  if (colour > 6 || kChannels[colour] == 0 || depth == 0 || depth > 16)
    fail("it is no PNG: its header is damaged");
  if (picture.header[12] != 0) fail("it is an interlaced PNG");
  picture.pixel_bits = kChannels[colour] * depth;
  picture.row = (std::size_t{picture.width} * picture.pixel_bits + 7) / 8;
  if (picture.row > kMaxInflated || height > kMaxInflated) fail("it is too large to be compared");
  const auto raw = inflate_all(packed, Wrapping::zlib);
  if (raw.size() != (picture.row + 1) * height) fail("it is no PNG: it lacks rows");
  const std::size_t step = std::max<std::size_t>(1, picture.pixel_bits / 8);
  auto& out = picture.samples;
  out.resize(picture.row * height);
  const auto sample = [&](std::size_t y, std::size_t x) {
    return static_cast<int>(static_cast<unsigned char>(out[y * picture.row + x]));
  };
  for (std::size_t y = 0; y < height; ++y) {
    const auto filter = raw[y * (picture.row + 1)];
    for (std::size_t x = 0; x < picture.row; ++x) {
      const int left = x >= step ? sample(y, x - step) : 0;
      const int up = y > 0 ? sample(y - 1, x) : 0;
      const int corner = x >= step && y > 0 ? sample(y - 1, x - step) : 0;
      int predicted = 0;
      switch (filter) {
        case 0:
          break;
        case 1:
          predicted = left;
          break;
        case 2:
          predicted = up;
          break;
        case 3:
          predicted = (left + up) / 2;
          break;
        case 4: {  // Paeth
          const int p = left + up - corner;
          const int a = std::abs(p - left);
          const int b = std::abs(p - up);
          const int c = std::abs(p - corner);
          predicted = a <= b && a <= c ? left : b <= c ? up : corner;
          break;
        }
        default:
          fail("it is no PNG: a row's filter is not known");
      }
      const int value = static_cast<unsigned char>(raw[y * (picture.row + 1) + 1 + x]) + predicted;
      out[y * picture.row + x] = static_cast<char>(value & 0xFF);
    }
  }
  return picture;
}

}  // namespace

Comparison compare_png(std::string_view before, std::string_view after) {
  const auto a = read(before);
  const auto b = read(after);
  Differences differences;
  const auto shape = [](const Picture& picture) {
    return base::format("{} x {} pixels, {} bits each", picture.width,
                        picture.samples.size() / std::max<std::size_t>(1, picture.row),
                        picture.pixel_bits);
  };
  if (a.header != b.header) {
    differences.add("the size or kind of the image", shape(a), shape(b));
    return std::move(differences).finish("by pixel");
  }
  if (a.colours != b.colours) differences.add("the colours", "", "");
  for (std::size_t i = 0, last = SIZE_MAX; i < a.samples.size(); ++i) {
    if (a.samples[i] == b.samples[i]) continue;
    const auto pixel =
        i / a.row * a.width + std::min<std::size_t>(i % a.row * 8 / a.pixel_bits, a.width - 1);
    if (pixel == last) continue;
    last = pixel;
    differences.add(base::format("pixel {},{}", pixel % a.width, pixel / a.width),
                    base::format("{}", static_cast<unsigned char>(a.samples[i])),
                    base::format("{}", static_cast<unsigned char>(b.samples[i])));
  }
  return std::move(differences).finish("by pixel");
}

}  // namespace provrun::compare
