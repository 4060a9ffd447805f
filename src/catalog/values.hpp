#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/db/statement.hpp"
#include "provrun/hash/sha256.hpp"

// Column values as the types that they stand for.
namespace provrun::catalog {

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
