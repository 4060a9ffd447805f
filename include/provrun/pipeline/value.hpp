#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/codec/json.hpp"

namespace provrun::pipeline {

/// A parameter's value. Scalars keep the spelling of the file, so that `0.10` reaches a command as
/// `0.10` and `0042` where text is wanted is `0042`.
struct Value {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, list, map };

  Kind kind = Kind::null;
  std::string text;                ///< scalars: as written, quotes removed
  std::vector<std::string> names;  ///< maps: the names of `items`
  std::vector<Value> items;        ///< lists and maps

  bool is_scalar() const { return kind != Kind::list && kind != Kind::map; }
  /// The member at a dotted path ("model.depth"); nullptr if there is none. "" is this value.
  const Value* find(std::string_view dotted_path) const;
  Value* find(std::string_view dotted_path);
  /// Numbers become JSON numbers, text JSON strings.
  codec::Json to_json() const;
};

}  // namespace provrun::pipeline
