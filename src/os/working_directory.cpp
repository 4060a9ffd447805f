#include "provrun/os/working_directory.hpp"

#include <unistd.h>

#include <cerrno>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::os {

void change_directory(const std::string& path) {
  if (::chdir(path.c_str()) != 0)
    throw base::system_error(errno, "cannot go to " + base::printable(path));
}

}  // namespace provrun::os
