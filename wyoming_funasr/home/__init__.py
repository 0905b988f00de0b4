"""What is known of the home: its names, its sentences, and the language model made from them."""
