#include "image.hpp"

// The library's bytes as the linker finds them; cmake/announcer.cmake says where.
asm(".section .rodata\n"
    ".balign 16\n"
    ".globl provrun_announcer_image\n"
    "provrun_announcer_image:\n"
    ".incbin \"" PROVRUN_ANNOUNCER_FILE
    "\"\n"
    ".globl provrun_announcer_image_end\n"
    "provrun_announcer_image_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char provrun_announcer_image[];
extern const char provrun_announcer_image_end[];
}

namespace provrun::trace::announcer {

std::string_view image() {
  return {provrun_announcer_image,
          static_cast<std::size_t>(provrun_announcer_image_end - provrun_announcer_image)};
}

}  // namespace provrun::trace::announcer
