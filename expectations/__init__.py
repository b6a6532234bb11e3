"""What must be true: the declarations of every source and the checks that judge them."""
