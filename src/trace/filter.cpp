#include "provrun/trace/filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "announcer/layout.hpp"
#include "call_shapes.hpp"

namespace provrun::trace {

namespace {

constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kIoUringSetup = 425;  // in both tables
constexpr std::uint32_t kEmptyPath = 0x1000;  // AT_EMPTY_PATH

constexpr std::uint32_t argument_low(int index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) +
         static_cast<std::uint32_t>(index) * 8;
}

// Every watched call of one ABI, one after the other; a conditional jump reaches no further than
// 255 instructions, so each test has beside it a jump to the answer, which stands at the end.
class Program {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
  void give(std::uint32_t action) { add(BPF_RET | BPF_K, 0, 0, action); }
  void if_equal(std::uint32_t value, std::size_t skip_otherwise) {
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(skip_otherwise), value);
  }

  void watch(const CallShape& shape, Abi abi) {
    const auto number = static_cast<std::uint32_t>(shape.number);
    // fstat by its newer name: an empty path, and only that flag. It names an open file.
    const bool by_descriptor = shape.call == Call::look && shape.directory >= 0 && shape.flags >= 0;
    if (by_descriptor) {
      if_equal(number, 6);
      load(argument_low(shape.flags));
      if_equal(kEmptyPath, 3);
      load(argument_low(shape.directory));
      add(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 0x80000000U);  // AT_FDCWD
      give(SECCOMP_RET_ALLOW);
      answer();
    } else if (shape.call == Call::send) {
      // Only a message with an address of its own names a peer.
      const bool wide = abi == Abi::x86_64;
      if_equal(number, wide ? 6 : 4);
      load(argument_low(4));
      add(BPF_JMP | BPF_JEQ | BPF_K, wide ? 0 : 1, wide ? 2 : 0, 0);
      if (wide) {
        load(argument_low(4) + 4);
        add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
      }
      answer();
      give(SECCOMP_RET_ALLOW);
    } else {
      if_equal(number, 1);
      answer();
    }
  }

  // Only watched calls come here: the kernel keeps a table of numbers that always pass, and what
  // looks at the address of the caller does not.
  void finish(std::uint32_t action, bool announced_pass) {
    for (const auto at : jumps_) {
      words_[at] |= static_cast<std::uint64_t>(words_.size() - at - 1) << 32;
    }
    if (announced_pass) {
      constexpr auto kAddress =
          static_cast<std::uint32_t>(offsetof(seccomp_data, instruction_pointer));
      load(kAddress + 4);
      if_equal(static_cast<std::uint32_t>(announcer::kPage >> 32), 4);
      load(kAddress);
      add(BPF_ALU | BPF_AND | BPF_K, 0, 0, static_cast<std::uint32_t>(~(announcer::kPageSize - 1)));
      if_equal(static_cast<std::uint32_t>(announcer::kPage), 1);
      give(SECCOMP_RET_ALLOW);
    }
    give(action);
  }

  const std::vector<std::uint64_t>& words() const { return words_; }
  std::size_t size() const { return words_.size(); }
  void append(const Program& other) {
    words_.insert(words_.end(), other.words_.begin(), other.words_.end());
  }

  void add(int code, std::uint8_t yes, std::uint8_t no, std::uint32_t value) {
    const sock_filter instruction{static_cast<std::uint16_t>(code), yes, no, value};
    static_assert(sizeof instruction == sizeof(std::uint64_t));
    std::uint64_t word = 0;
    std::memcpy(&word, &instruction, sizeof word);
    words_.push_back(word);
  }

 private:
  void answer() {
    jumps_.push_back(words_.size());
    add(BPF_JMP | BPF_JA, 0, 0, 0);
  }

  std::vector<std::size_t> jumps_;
  std::vector<std::uint64_t> words_;
};

Program calls_of(Abi abi, std::uint32_t answer, bool announced_pass, Exits exits) {
  constexpr auto kRefuse = SECCOMP_RET_ERRNO | ENOSYS;
  Program program;
  program.load(static_cast<std::uint32_t>(offsetof(seccomp_data, nr)));
  program.if_equal(kIoUringSetup, 1);
  program.give(kRefuse);
  if (abi == Abi::x86_64) {
    program.add(BPF_JMP | BPF_JGE | BPF_K, 0, 3, kX32Bit);
    program.if_equal(0xFFFFFFFFU, 1);  // a tracer's "make no call"
    program.give(SECCOMP_RET_ALLOW);
    program.give(kRefuse);
  }
  for (const auto& shape : call_shapes(abi))
    if (shape.call != Call::exit || exits == Exits::watched) program.watch(shape, abi);
  program.give(SECCOMP_RET_ALLOW);
  program.finish(answer, announced_pass);
  return program;
}

}  // namespace

std::vector<std::uint64_t> step_filter(FilterAction action, bool announced_pass, Exits exits) {
  const std::uint32_t answer =
      action == FilterAction::notify ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_TRACE;
  const auto native = calls_of(Abi::x86_64, answer, announced_pass, exits);
  const auto older = calls_of(Abi::i386, answer, false, exits);
  Program program;
  program.load(static_cast<std::uint32_t>(offsetof(seccomp_data, arch)));
  program.if_equal(AUDIT_ARCH_X86_64, 1);
  program.add(BPF_JMP | BPF_JA, 0, 0, 3);
  program.if_equal(AUDIT_ARCH_I386, 1);
  program.add(BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(native.size()) + 1);
  program.give(SECCOMP_RET_ERRNO | ENOSYS);
  program.append(native);
  program.append(older);
  return program.words();
}

}  // namespace provrun::trace
