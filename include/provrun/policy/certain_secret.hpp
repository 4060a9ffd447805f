#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/policy/redaction.hpp"

namespace provrun::policy {

/// Where the first secret of a text begins that is a known value or has an issuer's shape (a
/// token's prefix, a private key, the password of a URL); what is only guessed from the name before
/// it does not count. nullopt when there is none.
std::optional<std::size_t> find_certain_secret(std::span<const Secret> known,
                                               std::string_view text);

struct SecretForm;

/// Finds known values in the bytes of files, which may come in pieces. Values that are common words
/// or placeholders are none, as above. Immutable: safe from any thread.
class KnownSecrets {
 public:
  explicit KnownSecrets(std::span<const Secret> known);
  ~KnownSecrets();
  KnownSecrets(KnownSecrets&&) noexcept;
  KnownSecrets& operator=(KnownSecrets&&) noexcept;

  bool empty() const;
  /// The name of a secret that stands in the bytes, in any form that a redactor knows.
  /// begins, ends: whether the file begins and ends with these bytes.
  std::optional<std::string> find(std::string_view bytes, bool begins = true,
                                  bool ends = true) const;
  /// So many last bytes of a piece must be the first of the next one.
  std::size_t overlap() const { return overlap_; }

 private:
  std::vector<std::pair<SecretForm, std::string>> forms_;  // with the secret's name
  std::size_t overlap_ = 0;
};

}  // namespace provrun::policy
