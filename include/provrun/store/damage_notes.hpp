#pragma once

#include <string>

namespace provrun::store {

class Repository;

/// What reading has found damaged is written down in that cache, so that who stores the same bytes
/// later, there, does store them; see docs/design/repository.md. The folder is that of OpenOptions.
void keep_damage_notes(Repository& repository, const std::string& cache_directory);

}  // namespace provrun::store
