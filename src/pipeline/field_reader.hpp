#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics.hpp"
#include "yaml_document.hpp"

namespace provrun::pipeline {

/// The keys a map may have, and those of which only a later version knows what to do.
struct KeySet {
  std::vector<std::string> known;
  std::vector<std::string> later;
};

/// What a message calls a node: "'retries' of step 'fit'". Put into words only when there is a
/// message.
struct Where {
  std::string_view key;   ///< "": the step itself
  std::string_view step;  ///< "": outside of a step
  std::string to_string() const;
};

/// A duration or a size as a pipeline has it: of bounded length, so that a schema can say which are
/// too much. What is more than nothing is at least 1 ns, or 1 byte.
std::optional<std::chrono::nanoseconds> parse_duration_field(std::string_view text);
std::optional<std::uint64_t> parse_size_field(std::string_view text);

/// Takes nodes as what the language wants there. What does not fit is added to the diagnostics and
/// comes back as nothing.
class FieldReader {
 public:
  explicit FieldReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Reports keys outside of the set; true if there are none.
  bool check_keys(const Node& map, const KeySet& keys, Where where);
  bool require_map(const Node& node, Where where);
  bool require_list(const Node& node, Where where);
  /// Numbers, true and false are taken as they are written.
  std::optional<std::string> text(const Node& node, Where where);
  std::optional<std::string> non_empty_text(const Node& node, Where where);
  /// A list of non-empty texts.
  std::vector<std::string> texts(const Node& node, Where where);
  /// One non-empty text, or a list of at least one.
  std::vector<Node> one_or_more(const Node& node, Where where);
  std::optional<bool> boolean(const Node& node, Where where);
  std::optional<std::int64_t> integer(const Node& node, Where where, std::int64_t least,
                                      std::int64_t most);
  std::optional<std::chrono::nanoseconds> duration(const Node& node, Where where);
  /// "WHERE must be WANTED, not …".
  void report(const Node& node, Where where, std::string_view wanted, std::string hint = {});
  /// "WHERE lacks the key 'KEY'".
  void report_missing(const Node& map, std::string_view key, Where where, std::string hint = {});

 private:
  Diagnostics& diagnostics_;
};

}  // namespace provrun::pipeline
