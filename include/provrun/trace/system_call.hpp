#pragma once

#include <array>
#include <cstdint>

namespace provrun::trace {

enum class Abi : std::uint8_t { x86_64, i386 };

/// A system call that a process of a step is about to make.
struct SystemCall {
  std::int32_t thread = 0;  ///< as we see it
  Abi abi = Abi::x86_64;
  int number = 0;
  std::array<std::uint64_t, 6> arguments{};
};

}  // namespace provrun::trace
