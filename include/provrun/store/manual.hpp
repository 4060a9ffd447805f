#pragma once

#include <string_view>

namespace provrun::store {

/// The text of the repository's FORMAT file: how to read it without this program.
std::string_view format_text();
/// RESTORE.sh: restores a snapshot with sh, zstd, jq, sha256sum, awk and coreutils.
std::string_view restore_script();

}  // namespace provrun::store
