#include "provrun/os/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::os {

void fill_random(std::span<std::uint8_t> buffer) {
  while (!buffer.empty()) {
    const auto n = ::getrandom(buffer.data(), buffer.size(), 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      throw base::system_error(errno, "cannot get random bytes");
    }
    buffer = buffer.subspan(static_cast<std::size_t>(n));
  }
}

std::string random_hex(std::size_t bytes) {
  std::vector<std::uint8_t> buffer(bytes);
  fill_random(buffer);
  return base::to_hex(buffer);
}

base::Uuid new_uuid() {
  std::array<std::uint8_t, 10> random{};
  fill_random(random);
  return base::make_uuid_v7(now(), random);
}

}  // namespace provrun::os
