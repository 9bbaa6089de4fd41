"""The warehouse made again from the staged files, and compared with the live one."""
