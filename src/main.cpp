#include "cli/command.hpp"

int main(int argc, char** argv) {
  return provrun::cli::run_program(argc, argv);
}
