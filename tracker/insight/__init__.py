"""What the records say: reads only, plain frozen values out."""
