#pragma once

#include "provrun/os/file.hpp"
#include "support/memory_sources.hpp"

/// The files of a folder on disk, taken into memory under their paths in it.
inline void add_folder(const std::string& folder, const std::string& prefix,
                       MemorySources& sources) {
  for (const auto& entry : provrun::os::list_directory(folder)) {
    const auto path = provrun::os::join_path(folder, entry.name);
    if (provrun::os::stat_file(path)->type == provrun::os::FileType::directory)
      add_folder(path, prefix + entry.name + "/", sources);
    else
      sources.files[prefix + entry.name] = provrun::os::read_file(path);
  }
}
