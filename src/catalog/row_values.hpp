#pragma once

#include <algorithm>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/db/statement.hpp"
#include "provrun/hash/sha256.hpp"

// How values stand in the columns of state.db.
namespace provrun::catalog {

inline db::Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(db::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename Array>
void copy_exactly(db::Bytes bytes, Array& to) {
  if (bytes.size() != to.size())
    throw base::Error(base::ErrorCode::corruption, "state.db: an id has the wrong length")
        .hint("it can be deleted, or rebuilt with 'provrun repair --catalog'");
  std::copy(bytes.begin(), bytes.end(), to.begin());
}

inline hash::Digest digest_from(db::Bytes bytes) {
  hash::Digest digest;
  copy_exactly(bytes, digest.bytes);
  return digest;
}

inline base::Uuid uuid_from(db::Bytes bytes) {
  base::Uuid uuid;
  copy_exactly(bytes, uuid.bytes);
  return uuid;
}

inline std::int64_t milliseconds(base::Timestamp time) {
  return time.nanoseconds / 1'000'000 - (time.nanoseconds % 1'000'000 < 0 ? 1 : 0);
}
inline base::Timestamp time_from(std::int64_t milliseconds) {
  return {milliseconds * 1'000'000};
}

}  // namespace provrun::catalog
