#pragma once

#include <string>

namespace provrun::os {

/// chdir(2). Throws base::Error.
void change_directory(const std::string& path);

}  // namespace provrun::os
