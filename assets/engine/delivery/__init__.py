"""Delivered files until they are staged: found, admitted, copied under the hash of their bytes."""
