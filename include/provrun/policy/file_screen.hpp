#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "provrun/policy/certain_secret.hpp"

namespace provrun::policy {

/// What was found in a file, for a sentence like "a.txt holds …".
struct FoundSecret {
  std::string what;       ///< "the secret API_TOKEN", "a GitHub token"; never the secret
  bool declared = false;  ///< a value of `env.secrets`, not what only looks like a secret
};

/// Looks through the bytes of files, which may be of any kind and size and come in pieces, for
/// secrets: known values, and shapes that practically nothing else has. The shapes are narrower
/// than those of find_certain_secret, since a file that is found is not stored: see
/// docs/design/redaction.md for the odds. Immutable: safe from any thread.
class FileScreen {
 public:
  explicit FileScreen(std::span<const Secret> known) : known_(known) {}

  enum class For { declared, all };
  /// begins, ends: whether the file begins and ends with these bytes.
  std::optional<FoundSecret> find(std::string_view bytes, For what, bool begins = true,
                                  bool ends = true) const;
  bool looks_for(For what) const { return what == For::all || !known_.empty(); }
  /// So many last bytes of a piece must be the first of the next one.
  std::size_t overlap() const;

 private:
  KnownSecrets known_;
};

/// What the first thing in the bytes that only a secret looks like is ("a private key"); nullopt:
/// there is none.
std::optional<std::string_view> find_issued_secret(std::string_view bytes, bool begins = true,
                                                   bool ends = true);

}  // namespace provrun::policy
