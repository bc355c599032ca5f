conda activate train
pip install wandb
