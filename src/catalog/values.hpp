#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/core/content_id.hpp"
#include "provrun/db/statement.hpp"
#include "provrun/hash/sha256.hpp"

// Column values as the types that they stand for.
namespace provrun::catalog {

/// Added to the evidence of a row of `generated`: a version of an earlier round, which is no output
/// of the execution.
inline constexpr std::int64_t kOfEarlierRound = 8;

inline base::Error damaged(std::string_view what) {
  return base::Error(base::ErrorCode::corruption,
                     base::format("the state database is damaged: {} cannot be read", what))
      .hint(
          "it holds nothing that cannot be rebuilt: delete it, or run 'provrun repair --catalog'");
}

inline hash::Digest digest_of(db::Bytes bytes) {
  hash::Digest digest;
  if (bytes.size() != digest.bytes.size()) throw damaged("a hash");
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

/// A content as the catalog has it: 32 bytes, and one more, 1, behind a keyed hash.
class ContentBytes {
 public:
  explicit ContentBytes(const core::ContentId& content) : size_(content.keyed ? 33 : 32) {
    std::copy(content.digest.bytes.begin(), content.digest.bytes.end(), bytes_.begin());
    bytes_[32] = 1;
  }
  db::Bytes get() const { return db::Bytes(bytes_).first(size_); }

 private:
  std::array<std::uint8_t, 33> bytes_;
  std::size_t size_;
};

inline core::ContentId content_id_of(db::Bytes bytes) {
  const bool keyed = bytes.size() == 33 && bytes[32] == 1;
  return {digest_of(keyed ? bytes.first(32) : bytes), keyed};
}

inline base::Uuid uuid_of(db::Bytes bytes) {
  base::Uuid uuid;
  if (bytes.size() != uuid.bytes.size()) throw damaged("an id");
  std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
  return uuid;
}

inline std::string_view text_of(db::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline db::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Rounded towards the past, as the records' RFC 3339 times are.
inline std::int64_t to_ms(base::Timestamp time) {
  const std::int64_t ms = time.nanoseconds / 1'000'000;
  return time.nanoseconds % 1'000'000 < 0 ? ms - 1 : ms;
}
inline base::Timestamp from_ms(std::int64_t ms) {
  return {ms * 1'000'000};
}

}  // namespace provrun::catalog
