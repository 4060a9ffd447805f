#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/core/access.hpp"

// How accesses are written down, and what a directory's content is: docs/formats/observation.md.
namespace provrun::core {

/// Where a path lies, as far as it matters for what follows from its use.
enum class PathClass : std::uint8_t {
  workspace,  ///< in the workspace: what workflows are about
  outside,    ///< elsewhere: somebody's data
  system,     ///< installed software
  noise       ///< decides nothing; a rule in engine/noise.cpp says why
};
std::string_view name_of(PathClass path_class);

/// A part of what executions were seen to do, shared by all that did the same.
struct AccessSet {
  ContentId id;  ///< of its text
  PathClass path_class = PathClass::workspace;
  std::vector<Access> accesses;  ///< sorted by path
  std::string text;              ///< of a set that was made here; else empty, see text_of
};
using AccessSetPtr = std::shared_ptr<const AccessSet>;

/// A path or another text in one word of a line: control characters, '%', blanks and bytes that are
/// not UTF-8 are written as %XX.
std::string escape_word(std::string_view bytes);
std::string unescape_word(std::string_view word);

/// One line, without its end: uses presence content size mode path.
std::string line_of(const Access& access);
/// Throws base::Error(invalid_input).
Access parse_access_line(std::string_view line);

std::string text_of(PathClass path_class, std::span<const Access> accesses);
std::string text_of(const AccessSet& set);
/// Throws base::Error(invalid_input). The id is computed from the text.
AccessSet parse_access_set(std::string_view text);
/// Cuts accesses of one class, sorted by path, into sets. Where it cuts depends on the paths near
/// the cut only, so that accesses that differ in one place share all sets but one.
std::vector<AccessSetPtr> make_access_sets(PathClass path_class, std::vector<Access> accesses);

struct ListingEntry {
  std::string name;
  Presence type = Presence::unknown;  ///< file, directory, symlink or other
  auto operator<=>(const ListingEntry&) const = default;
};
/// False for names that no listing has: `.provrun` and `__pycache__`, which come and go unasked.
bool counts_in_listing(std::string_view name);
/// The content of a listed directory. Order does not matter; names that do not count are left out.
ContentId listing_content(std::vector<ListingEntry> entries);

}  // namespace provrun::core
