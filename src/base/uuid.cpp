#include "provrun/base/uuid.hpp"

#include <algorithm>

#include "provrun/base/text.hpp"

namespace provrun::base {

std::string Uuid::to_string() const {
  std::string text = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

Uuid make_uuid_v7(Timestamp time, const std::array<std::uint8_t, 10>& random) {
  Uuid id;
  const auto milliseconds = static_cast<std::uint64_t>(time.nanoseconds / 1'000'000);
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  std::copy(random.begin(), random.end(), id.bytes.begin() + 6);
  id.bytes[6] = static_cast<std::uint8_t>(0x70U | (id.bytes[6] & 0x0FU));
  id.bytes[8] = static_cast<std::uint8_t>(0x80U | (id.bytes[8] & 0x3FU));
  return id;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  const auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  Uuid id;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

}  // namespace provrun::base
