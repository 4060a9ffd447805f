#include "image.hpp"

// The program's bytes as the linker finds them; cmake/launcher.cmake says where.
asm(".section .rodata\n"
    ".balign 16\n"
    ".globl provrun_launcher_image\n"
    "provrun_launcher_image:\n"
    ".incbin \"" PROVRUN_LAUNCHER_FILE
    "\"\n"
    ".globl provrun_launcher_image_end\n"
    "provrun_launcher_image_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char provrun_launcher_image[];
extern const char provrun_launcher_image_end[];
}

namespace provrun::exec::launcher {

std::string_view image() {
  return {provrun_launcher_image,
          static_cast<std::size_t>(provrun_launcher_image_end - provrun_launcher_image)};
}

}  // namespace provrun::exec::launcher
