"""What one machine holds: packages in a prefix, driver, CUDA, glibc."""
