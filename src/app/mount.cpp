#include "provrun/app/mount.hpp"

#include "provrun/mount/mount.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

void mount_shelf(const Shelf& shelf, const std::string& directory, bool allow_other,
                 const std::function<void()>& mounted) {
  const auto opened = open_shelf(shelf);
  mount::mount_repository(*opened,
                          {os::absolute_path(directory), shelf.filter, allow_other, mounted});
}

}  // namespace provrun::app
